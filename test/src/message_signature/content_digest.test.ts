import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import {
  contentDigest,
  type DigestAlgorithm,
  matchesContentDigest,
} from '../../../src/message_signature/content_digest.ts';

test.each<[DigestAlgorithm, string]>([['sha-256', 'sha256'], ['sha-512', 'sha512']])(
  'contentDigest() with %s agrees with the platform',
  async (algorithm, name) => {
    for (const length of [0, 1, 1000]) {
      const body = randomBytes(length);
      const field = await contentDigest(body, algorithm);
      expect(field).toBe(`${algorithm}=:${createHash(name).update(body).digest('base64')}:`);
      expect(await matchesContentDigest(field, body)).toBe(true);
    }
  },
);

const right = await contentDigest('body');
const right512 = await contentDigest('body', 'sha-512');

test.each([`${right}, ${right512}`, `md5=:AAAA:, ${right}`, `unknown=5, ${right512}`, `${right};q=1`])(
  'matchesContentDigest(%j) holds',
  async (field) => {
    expect(await matchesContentDigest(field, 'body')).toBe(true);
  },
);

test.each([
  '',
  'nonsense',
  'md5=:hBotaJqbtNFhJjG2X1ZGwA==:',
  'sha-256=5',
  'sha-256=(:AAAA:)',
  'sha-256',
  'sha-256=::',
  right.replace(':', ''),
  right.toUpperCase(),
  `${right}, sha-512=:AAAA:`,
  `sha-256=:AAAA:, ${right512}`,
])('matchesContentDigest(%j) does not', async (field) => {
  expect(await matchesContentDigest(field, 'body')).toBe(false);
});

test('contentDigest() refuses an unsafe algorithm', async () => {
  await expect(contentDigest('x', 'md5' as DigestAlgorithm)).rejects.toThrow(TypeError);
});
