import { expect, test } from 'vitest';
import { processTokenAnswer, processTokenResponse } from '../../../src/oauth/token_response.ts';
import { answer } from '../../_lib/fixture.ts';

const good = { access_token: 'at', token_type: 'Bearer' };
const read = (status: number, body: unknown) => processTokenResponse(answer(status, body), 'api');

test('processTokenResponse() reads a full answer', async () => {
  const tokens = await read(200, {
    ...good,
    expires_in: 3600,
    refresh_token: 'rt',
    scope: 'a b',
    id_token: 'x.y.z',
    extra: 1,
  });
  expect(tokens).toMatchObject({ tokenType: 'Bearer', expiresInSec: 3600, scope: 'a b' });
  expect([tokens.accessToken.reveal(), tokens.refreshToken!.reveal()]).toEqual(['at', 'rt']);
});

test('processTokenResponse() takes a lifetime written as a string, and a missing token_type', async () => {
  expect(await read(200, { access_token: 'at', expires_in: '60' })).toMatchObject({
    tokenType: 'Bearer',
    expiresInSec: 60,
  });
});

test.each<[string, unknown]>([
  ['no JSON', 'hello'],
  ['an array', [good]],
  ['null', null],
  ['no token', { token_type: 'Bearer' }],
  ['an empty token', { ...good, access_token: '' }],
  ['a number as token', { ...good, access_token: 5 }],
  ['a token with CRLF', { ...good, access_token: 'a\r\nX: y' }],
  ['a token with a blank', { ...good, access_token: 'a b' }],
  ['a huge token', { ...good, access_token: 'a'.repeat(65537) }],
  ['a bad type', { ...good, token_type: 'Bea\nrer' }],
  ['a type that is a number', { ...good, token_type: 1 }],
  ['a negative lifetime', { ...good, expires_in: -1 }],
  ['an endless lifetime', { ...good, expires_in: 1e18 }],
  ['a lifetime in words', { ...good, expires_in: 'soon' }],
  ['a lifetime that is an object', { ...good, expires_in: {} }],
  ['a bad refresh token', { ...good, refresh_token: 'a\0b' }],
  ['a refresh token that is a list', { ...good, refresh_token: ['x'] }],
  ['a bad id token', { ...good, id_token: 7 }],
  ['a giant answer', { ...good, padding: 'x'.repeat(300_000) }],
])('B15: processTokenResponse() refuses %s', async (_, body) => {
  await expect(read(200, body)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE', provider: 'api' });
});

test.each([
  [400, { error: 'invalid_grant' }, 'E_LOGIN_REQUIRED'],
  [401, { error: 'invalid_client' }, 'E_LOGIN_FAILED'],
  [400, { error: 'invalid_scope' }, 'E_LOGIN_FAILED'],
  [400, 'nonsense', 'E_LOGIN_FAILED'],
  [429, {}, 'E_UPSTREAM'],
  [500, { error: 'invalid_grant' }, 'E_UPSTREAM'],
  [503, '', 'E_UPSTREAM'],
])('processTokenResponse() of status %i %j is %s', async (status, body, code) => {
  await expect(read(status, body)).rejects.toMatchObject({ code });
});

test.each([301, 302, 307, 308])(
  'B14: processTokenResponse() takes a redirect (%i) for a wrong endpoint',
  async (status) => {
    await expect(read(status, '')).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  },
);

test('R7: what the server says reaches no message but the registered error code', async () => {
  const canary = 'canary-secret-value';
  const body = { error: `x ${canary}`, error_description: canary, access_token: canary };
  await expect(read(400, body)).rejects.toSatisfy((error) =>
    !String(error).includes(canary) && !JSON.stringify(error).includes(canary)
  );
});

test.each([400, 403, 428, 200])(
  'processTokenAnswer() returns the errors that are answers, at status %i',
  async (status) => {
    const ask = (body: unknown) => processTokenAnswer(answer(status, body), 'api', ['slow_down']);
    expect(await ask({ error: 'slow_down' })).toEqual({ error: 'slow_down' });
    await expect(ask({ error: 'invalid_client' })).rejects.toThrow();
  },
);

test('processTokenAnswer() takes no failure of the server for an answer', async () => {
  await expect(processTokenAnswer(answer(503, { error: 'slow_down' }), 'api', ['slow_down'])).rejects.toMatchObject({
    code: 'E_UPSTREAM',
  });
  expect((await processTokenAnswer(answer(200, good), 'api', ['slow_down'])).tokens!.accessToken.reveal()).toBe('at');
});
