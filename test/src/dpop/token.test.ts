import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { accessTokenHash, requireDpopToken, revealToken } from '../../../src/dpop/token.ts';
import { isSigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';

test('D4: accessTokenHash() is the SHA-256 of the exact token, boxed or not', async () => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.e30.AA-_~+/==';
  const expected = createHash('sha256').update(token, 'ascii').digest('base64url');
  expect(await accessTokenHash(token)).toBe(expected);
  expect(await accessTokenHash(new Secret(token))).toBe(expected);
});

test.each(['', 'a b', 'a\r\nX-Y: z', 'é', 'a,b', 'a=b', '"a"', '\u0000'])(
  'revealToken(%j) is refused without naming it',
  (token) => {
    const refusal = expect.toSatisfy((error: Error) =>
      isSigError(error, 'E_BAD_CREDENTIAL_VALUE') && (token === '' || !error.message.includes(token))
    );
    expect(() => revealToken(token)).toThrow(refusal);
  },
);

test.each(['DPoP', 'dpop', 'DPOP'])('requireDpopToken() takes token_type %s', (token_type) => {
  expect(() => requireDpopToken({ token_type })).not.toThrow();
});

test.each(['Bearer', 'bearer', 'DPoP ', '', undefined, null, 5, ['DPoP'], 'N_A'])(
  'D13: token_type %j is a downgrade',
  (token_type) => {
    expect(() => requireDpopToken({ token_type })).toThrow(
      expect.toSatisfy((error) => isSigError(error, 'E_TOKEN_RESPONSE')),
    );
  },
);
