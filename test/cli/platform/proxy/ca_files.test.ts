import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTrustedCas } from '../../../../cli/platform/proxy/ca_files.ts';
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
