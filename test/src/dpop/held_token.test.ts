import { expect, test } from 'vitest';
import { boxed, holdToken } from '../../../src/dpop/held_token.ts';
import { Secret } from '../../../src/secret.ts';

test('boxed() boxes a text and leaves a box as it is', () => {
  const box = new Secret('x');
  expect(boxed(box)).toBe(box);
  expect(boxed('x').reveal()).toBe('x');
});

test('holdToken() holds what it is given, or nothing', () => {
  expect(holdToken('a').current()!.reveal()).toBe('a');
  expect(holdToken(undefined).current()).toBeUndefined();
});

test('D12: renew() refreshes once for all who wait, with the token that was refused', async () => {
  const asked: string[] = [];
  const token = holdToken('a', async (refused) => {
    asked.push(refused.reveal());
    return 'b';
  });
  const used = token.current()!;
  expect(await Promise.all([1, 2, 3].map(() => token.renew(used)))).toEqual([true, true, true]);
  expect(asked).toEqual(['a']);
  expect(token.current()!.reveal()).toBe('b');
  // Whoever comes late with the old token finds the new one.
  expect(await token.renew(used)).toBe(true);
  expect(asked).toEqual(['a']);
});

test('D12: renew() does not call the very token that was refused another one', async () => {
  const token = holdToken('a', () => Promise.resolve('a'));
  expect(await token.renew(token.current()!)).toBe(false);
});

test('renew() without a way to refresh finds none', async () => {
  const token = holdToken('a');
  expect(await token.renew(token.current()!)).toBe(false);
});

test('renew() passes a failure to everyone who waits, keeps the token, and tries anew later', async () => {
  let count = 0;
  const token = holdToken('a', () => ++count === 1 ? Promise.reject(new Error('revoked')) : Promise.resolve('b'));
  const used = token.current()!;
  const results = await Promise.allSettled([token.renew(used), token.renew(used)]);
  expect(results.map((result) => result.status === 'rejected' && result.reason.message)).toEqual([
    'revoked',
    'revoked',
  ]);
  expect(token.current()).toBe(used);
  expect(await token.renew(used)).toBe(true);
  expect(count).toBe(2);
});
