import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeCertificates, readTrustedCas } from '../../../../cli/platform/proxy/ca_files.ts';
import { useFolder } from '../../../_lib/lab.ts';
import { testAuthority } from '../../../_lib/test_ca.ts';

test('readTrustedCas() reads what the environment adds, and the roots of the system', async () => {
  const path = join(await useFolder(), 'extra.pem');
  const { certificatePem } = await testAuthority();
  await writeFile(path, `# a comment\n${certificatePem}`);
  const found = readTrustedCas((name) => name === 'SIG_EXTRA_CA' || name === 'SSL_CERT_FILE' ? path : undefined);
  expect(found.extra.trim()).toBe(certificatePem.trim());
  expect(found.all.match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(50);
});

test('readTrustedCas() leaves out what cannot be read', () => {
  expect(readTrustedCas(() => '/nowhere').extra).toBe('');
});

test('decodeCertificates() gives what OpenSSL reads, and leaves out blocks that are not whole', async () => {
  const { certificatePem } = await testAuthority();
  const { all } = readTrustedCas(() => undefined);
  const decoded = decodeCertificates(all);
  expect(decoded.length).toBe(all.match(/BEGIN CERTIFICATE/g)!.length);
  for (const der of decoded.slice(0, 5)) expect(new X509Certificate(der).ca).toBe(true);

  const [begin, ...rest] = certificatePem.trim().split('\n');
  const cut = [begin, ...rest.slice(1)].join('\n');
  const block = (content: string) => `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----\n`;
  const bad = [cut, block(''), block('AAAA'), block('MIIB'), block('not base64')];
  for (const text of bad) expect(decodeCertificates(text)).toEqual([]);
  expect(decodeCertificates(bad.join('\n') + certificatePem).map((der) => new X509Certificate(der).subject))
    .toEqual([new X509Certificate(certificatePem).subject]);
});
