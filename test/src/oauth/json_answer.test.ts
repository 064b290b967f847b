import { expect, test } from 'vitest';
import { readErrorCode, readJsonAnswer, refusal } from '../../../src/oauth/json_answer.ts';
import { answer } from '../../_lib/fixture.ts';

test('readJsonAnswer() reads an object, whatever its status', async () => {
  expect(await readJsonAnswer(answer(418, { a: 1 }), 'It')).toEqual({ a: 1 });
});

test.each(['', '[]', 'null', '"x"', '{', '<html>', '\ufffd'])('readJsonAnswer() of %j is undefined', async (text) => {
  expect(await readJsonAnswer(answer(200, text), 'It')).toBeUndefined();
});

test('B15: readJsonAnswer() reads no giant', async () => {
  await expect(readJsonAnswer(answer(200, { x: 'x'.repeat(300_000) }), 'It', 'api')).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
    message: 'It answered with more than 262144 bytes',
    provider: 'api',
  });
});

test('readErrorCode() shows registered codes and no text of a server', () => {
  expect(readErrorCode({ error: 'access_denied' })).toBe('access_denied');
  for (const error of ['Bad Thing', '\x1b[2J', 'x'.repeat(65), 5, null, {}, 'a\nb']) {
    expect(readErrorCode({ error })).toBeUndefined();
  }
  expect(readErrorCode(undefined)).toBeUndefined();
});

test('refusal() names status and code, and no text of the server', () => {
  const error = refusal('It', 400, { error: 'invalid_scope', error_description: 'EVIL' }, 'api');
  expect([error.message, error.provider]).toEqual(['It refused: status 400, "invalid_scope"', 'api']);
  expect(refusal('It', 400, { error: 'EVIL <b>' }, 'api').message).toBe('It refused: status 400');
});
