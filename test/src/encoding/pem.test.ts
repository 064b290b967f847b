import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { decodePem, encodePem } from '../../../src/encoding/pem.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));

test('encodePem() agrees with the platform', () => {
  expect(encodePem('PUBLIC KEY', der)).toBe(publicKey.export({ type: 'spki', format: 'pem' }));
  expect(createPublicKey(encodePem('PUBLIC KEY', der)).equals(publicKey)).toBe(true);
});

test('decodePem() reads every block of its label and ignores the text between', () => {
  const text = `# one\n${encodePem('PUBLIC KEY', der)}\nother\n${encodePem('CERTIFICATE', new Uint8Array([1]))}\r\n${
    encodePem('PUBLIC KEY', new Uint8Array([2]))
  }`;
  expect(decodePem('PUBLIC KEY', text)).toEqual([der, new Uint8Array([2])]);
  expect(decodePem('PRIVATE KEY', text)).toEqual([]);
});

test('decodePem() refuses a block that is not base64', () => {
  expect(() => decodePem('X', '-----BEGIN X-----\n!!\n-----END X-----')).toThrow(TypeError);
});
