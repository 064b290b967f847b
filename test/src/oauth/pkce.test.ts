import { expect, test } from 'vitest';
import { challengeOf, createVerifier } from '../../../src/oauth/pkce.ts';

test('challengeOf() agrees with RFC 7636 appendix B', async () => {
  expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

test('createVerifier() gives 43 characters of its alphabet, never the same twice', () => {
  const made = Array.from({ length: 200 }, createVerifier);
  expect(new Set(made).size).toBe(200);
  for (const verifier of made) expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
});
