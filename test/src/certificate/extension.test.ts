import { expect, test } from 'vitest';
import { readChildren, readElement } from '../../../src/certificate/der.ts';
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  nameConstraints,
  readPermittedHosts,
  subjectAltName,
  subjectKeyId,
} from '../../../src/certificate/extension.ts';
import { decodeHex, encodeHex } from '../../../src/encoding/hex.ts';
import type { Bytes } from '../../../src/encoding/bytes.ts';

function valueOf(extension: Bytes): Bytes {
  return readChildren(readElement(extension)).at(-1)!.content;
}

// Expected bytes are those that OpenSSL 3 writes for the same extension.
test.each([
  ['basicConstraints(true)', basicConstraints(true), '30120603551d130101ff040830060101ff020100'],
  ['basicConstraints(false)', basicConstraints(false), '300c0603551d130101ff04023000'],
  ['keyUsage(true)', keyUsage(true), '300e0603551d0f0101ff040403020106'],
  ['keyUsage(false)', keyUsage(false), '300e0603551d0f0101ff040403020780'],
  ['extendedKeyUsage()', extendedKeyUsage('serverAuth'), '30130603551d25040c300a06082b06010505070301'],
  ['extendedKeyUsage()', extendedKeyUsage('clientAuth'), '30130603551d25040c300a06082b06010505070302'],
  ['subjectKeyId()', subjectKeyId(Uint8Array.of(1, 2)), '300b0603551d0e040404020102'],
  ['authorityKeyId()', authorityKeyId(Uint8Array.of(1, 2)), '300d0603551d230406300480020102'],
])('%s is what OpenSSL writes', (_name, extension, expected) => {
  expect(encodeHex(extension)).toBe(expected);
});

test('T8: subjectAltName() writes names as DNS and addresses as IP', () => {
  const names = readChildren(readElement(valueOf(subjectAltName(['a.example', '127.0.0.1', '[::1]']))));
  expect(names.map((name) => [name.tag, encodeHex(name.content)])).toEqual([
    [0x82, '612e6578616d706c65'],
    [0x87, '7f000001'],
    [0x87, '00000000000000000000000000000001'],
  ]);
});

test.each([
  [['b.example', 'a.example']],
  [['10.0.0.1', 'a.example']],
  [['[2001:db8::1]', '[::1]']],
  [[]],
])('T6: readPermittedHosts() gives back what nameConstraints(%j) permits', (hosts) => {
  expect(readPermittedHosts(valueOf(nameConstraints(hosts)))).toEqual([...hosts].sort());
});

test('T6: nameConstraints() is critical and excludes the kind of name of which it permits nothing', () => {
  const onlyNames = encodeHex(nameConstraints(['a.example']));
  expect(onlyNames).toContain('0603551d1e0101ff');
  expect(onlyNames).toContain('87080000000000000000');
  expect(onlyNames).toContain(`8720${'00'.repeat(32)}`);
  expect(encodeHex(nameConstraints(['10.0.0.1']))).toContain('30028200');
});

test.each([
  ['not DER', 'ff'],
  ['an e-mail name', '3009a0073005810378407a'],
  ['an address of three bytes and its mask', '300ca00a3008870600000000ffff'],
])('readPermittedHosts() refuses %s', (_name, hex) => {
  expect(() => readPermittedHosts(decodeHex(hex))).toThrow(TypeError);
});

test.each(['[zz]', '[1:2]'])('subjectAltName() refuses %s', (host) => {
  expect(() => subjectAltName([host])).toThrow(TypeError);
});
