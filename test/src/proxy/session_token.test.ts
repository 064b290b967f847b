import { expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import { createSessionToken, matchToken } from '../../../src/proxy/session_token.ts';

test('P2: R19: a session token has 256 random bits and is recognised whole', () => {
  const { token, isToken } = createSessionToken();
  const text = token.reveal();
  expect(text).toMatch(/^[\w-]{43}$/);
  expect(isToken(text)).toBe(true);
  for (
    const wrong of [
      '',
      text.slice(1),
      `${text}x`,
      text.toLowerCase() === text ? text.toUpperCase() : text.toLowerCase(),
      ` ${text}`,
    ]
  ) {
    expect(isToken(wrong)).toBe(false);
  }
});

test('P3: the token of one session opens no other', () => {
  expect(createSessionToken().isToken(createSessionToken().token.reveal())).toBe(false);
});

test('matchToken() takes exactly the token; an empty one opens nothing', () => {
  const isToken = matchToken(new Secret('broker-key'));
  expect(['broker-key', 'broker-ke', 'broker-key ', 'Broker-key', ''].map(isToken)).toEqual(
    [true, false, false, false, false],
  );
  expect(matchToken(new Secret(''))('')).toBe(false);
});
