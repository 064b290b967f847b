import { expect, test } from 'vitest';
import { createSessionToken } from '../../../src/proxy/session_token.ts';

test('P2: a session token has 256 bits, and only it is one', () => {
  const { token, isToken } = createSessionToken();
  expect(token.reveal()).toMatch(/^[\w-]{43}$/);
  expect(isToken(token.reveal())).toBe(true);
  for (const other of ['', token.reveal().slice(1), `${token.reveal()}a`, createSessionToken().token.reveal()]) {
    expect(isToken(other)).toBe(false);
  }
  expect(`${token}`).toBe('[secret]');
});
