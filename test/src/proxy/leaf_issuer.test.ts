import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createLeafIssuer, mintAuthority } from '../../../src/proxy/leaf_issuer.ts';
import { fixedClock } from '../../_lib/fixture.ts';

const clock = fixedClock();
const mint = async (...hosts: string[]) => (await mintAuthority(hosts, 'my host!', clock)).authority;

test('T8: T9: issue() makes a leaf for one host that its CA signed, for at most a week', async () => {
  const authority = await mint('a.example', '127.0.0.1');
  const leaf = await createLeafIssuer(authority, clock).issue('a.example');
  const certificate = new X509Certificate(leaf.certificatePem);
  expect(certificate.checkHost('a.example')).toBe('a.example');
  expect(certificate.verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true);
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
  expect(days).toBeLessThanOrEqual(7.1);
  expect(leaf.renewAtMs).toBeLessThan(Date.parse(certificate.validTo));
});

test('T10: a host outside the constraints gets no certificate', async () => {
  const issuer = createLeafIssuer(await mint('a.example'), clock);
  await expect(issuer.issue('evil.example')).rejects.toMatchObject({ code: 'E_HOST_NOT_ALLOWED' });
  expect([issuer.covers(['a.example']), issuer.covers(['a.example', 'evil.example'])]).toEqual([true, false]);
  issuer.add(await mint('evil.example'));
  expect(issuer.covers(['a.example', 'evil.example'])).toBe(true);
  expect(issuer.certificatesPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test('T7: two installations have different CAs, whose names say where and when', async () => {
  const [one, two] = await Promise.all([mint('a.example'), mint('a.example')]);
  const subject = new X509Certificate(one.certificatePem).subject;
  expect(subject).toMatch(/^CN=sig myhost 2026-01-02 [0-9a-f]{8}$/);
  expect(new X509Certificate(two.certificatePem).subject).not.toBe(subject);
});

test('T6: a CA for no hosts is one for none', async () => {
  await expect(createLeafIssuer(await mint(), clock).issue('a.example')).rejects.toMatchObject({
    code: 'E_HOST_NOT_ALLOWED',
  });
});
