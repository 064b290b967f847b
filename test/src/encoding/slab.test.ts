import { expect, test } from 'vitest';
import { cutBytes } from '../../../src/encoding/slab.ts';

test('cutBytes() never gives the same memory twice, and always zeros', () => {
  const pieces = Array.from({ length: 500 }, (_, i) => cutBytes(1 + (i % 700)));
  for (const piece of pieces) expect(piece.every((byte) => byte === 0)).toBe(true);
  for (const [i, piece] of pieces.entries()) piece.fill(1 + (i % 255));
  for (const [i, piece] of pieces.entries()) expect(piece.every((byte) => byte === 1 + (i % 255))).toBe(true);
});

test.each([0, 1, 8_192, 8_193, 1_000_000])('cutBytes(%i) is that long', (length) => {
  expect(cutBytes(length)).toHaveLength(length);
});
