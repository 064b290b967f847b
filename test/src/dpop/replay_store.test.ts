import { expect, test } from 'vitest';
import { createReplayStore } from '../../../src/dpop/replay_store.ts';

test('createReplayStore() takes each hash once', () => {
  const store = createReplayStore({ now: () => 0 });
  expect([store.claim('a', 60), store.claim('a', 60), store.claim('b', 60)]).toEqual([true, false, true]);
});

test('createReplayStore() refuses when it is full of fresh proofs, and goes on when they are old', () => {
  let nowMs = 0;
  const store = createReplayStore({ maxEntries: 3, now: () => nowMs });
  expect(['a', 'b', 'c', 'd'].map((hash) => store.claim(hash, 10))).toEqual([true, true, true, false]);
  nowMs = 10_000;
  expect(store.claim('d', 20)).toBe(false);
  nowMs = 11_500;
  expect(store.claim('d', 20)).toBe(true);
  expect(store.claim('d', 20)).toBe(false);
});

test('createReplayStore() stays bounded under a flood', () => {
  const store = createReplayStore({ maxEntries: 1000, now: () => 0 });
  let taken = 0;
  for (let i = 0; i < 50_000; i++) if (store.claim(`h${i}`, 60)) taken++;
  expect(taken).toBe(1000);
  expect(() => createReplayStore({ maxEntries: 0 })).toThrow(RangeError);
});
