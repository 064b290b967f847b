import { expect, test } from 'vitest';
import { createLeafIssuer, mintAuthority } from '../../../src/proxy/leaf_issuer.ts';

const clock = { now: () => Date.now() };

test('T6: an issuer signs for its hosts and no others, until a CA is added', async () => {
  const { authority } = await mintAuthority(['a.example'], 'host', clock);
  const issuer = createLeafIssuer(authority, clock);
  expect((await issuer.issue('a.example')).certificatePem).toMatch(/BEGIN CERTIFICATE/);
  await expect(issuer.issue('b.example')).rejects.toMatchObject({ code: 'E_HOST_NOT_ALLOWED' });
  expect(issuer.covers(['a.example', 'b.example'])).toBe(false);
  issuer.add((await mintAuthority(['a.example', 'b.example'], 'host', clock)).authority);
  await issuer.issue('b.example');
  expect(issuer.certificatesPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test('T7: two installations have different names and keys', async () => {
  const [a, b] = await Promise.all([
    mintAuthority(['a.example'], 'host', clock),
    mintAuthority(['a.example'], 'host', clock),
  ]);
  expect(a.authority.certificatePem).not.toBe(b.authority.certificatePem);
});

test('mintAuthority() without hosts makes a CA for none', async () => {
  const { authority } = await mintAuthority([], 'host', clock);
  await expect(createLeafIssuer(authority, clock).issue('example.com')).rejects.toThrow();
});
