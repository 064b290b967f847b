import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readChildren, readElement, readOid, TAG } from '../../../src/certificate/der.ts';
import { encodeTrustStore } from '../../../src/certificate/trust_store.ts';
import type { Bytes } from '../../../src/encoding/bytes.ts';
import { decodePem } from '../../../src/encoding/pem.ts';
import { needCommands, runCommand } from '../../_lib/command.ts';
import { useFolder } from '../../_lib/lab.ts';
import { testAuthority } from '../../_lib/test_ca.ts';

async function useStore(): Promise<{ readonly path: string; readonly pem: string; readonly der: Bytes }> {
  const { certificatePem: pem } = await testAuthority();
  const path = join(await useFolder(), 'store.p12');
  const [der] = decodePem('CERTIFICATE', pem);
  await writeFile(path, encodeTrustStore([der!]));
  return { path, pem, der: der! };
}

test('encodeTrustStore() writes version 3 with one plain content and no MAC', () => {
  const certificate = Uint8Array.of(0x30, 0x00);
  const [version, content, ...rest] = readChildren(readElement(encodeTrustStore([certificate, certificate])));
  expect([version!.content, rest]).toEqual([Uint8Array.of(3), []]);
  const inside = (element: typeof content) => {
    const [type, explicit] = readChildren(element!, TAG.sequence);
    expect([readOid(type!), explicit!.tag]).toEqual(['1.2.840.113549.1.7.1', 0xa0]);
    const [octets] = readChildren(explicit!);
    expect(octets!.tag).toBe(TAG.octetString);
    return readChildren(readElement(octets!.content), TAG.sequence);
  };
  const [only, ...others] = inside(content);
  expect(others).toEqual([]);
  const bags = inside(only);
  expect(bags.length).toBe(2);
  const [kind, , attributes] = readChildren(bags[0]!, TAG.sequence);
  expect([readOid(kind!), attributes!.tag]).toEqual(['1.2.840.113549.1.12.10.1.3', TAG.set]);
});

test('encodeTrustStore() of nothing is a store without entries', () => {
  expect(readChildren(readElement(encodeTrustStore([])))).toHaveLength(2);
});

test('OpenSSL finds the certificate, byte for byte', async ({ skip }) => {
  const [openssl] = needCommands(skip, 'openssl');
  const { path, pem } = await useStore();
  const args = ['pkcs12', '-in', path, '-nokeys', '-nomacver', '-passin', 'pass:'];
  const { code, stdout } = await runCommand(openssl!, args);
  expect(code).toBe(0);
  expect(stdout.match(/-----BEGIN[\s\S]+/)![0].trim()).toBe(pem.trim());
});

test.for(['', 'any password'])(
  'Java finds a certificate to trust, by the password "%s"',
  async (password, { skip }) => {
    const [keytool] = needCommands(skip, 'keytool');
    const { path, pem } = await useStore();
    const args = ['-list', '-rfc', '-keystore', path, '-storetype', 'PKCS12', '-storepass', password];
    const { code, stdout } = await runCommand(keytool!, args);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Entry type: trustedCertEntry')]);
    expect(stdout).toContain(pem.trim().split('\n')[2]);
  },
);
