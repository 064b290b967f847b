import { expect, test } from 'vitest';
import { createLiveConfig } from '../../../src/config/live.ts';
import { parseConfig } from '../../../src/config/parse.ts';

function load(text: string) {
  const config = parseConfig(text);
  return { value: config.providers.map(({ id }) => id), issues: config.issues };
}

const text = (id: string) => `${id}: {domains: [a.example], strategy: oauth2, issuer: https://a.example}\n`;

test('C8: createLiveConfig() keeps the last good configuration when a new text is bad', () => {
  const live = createLiveConfig(load(text('a')).value, load);
  for (const bad of ['', 'garbage', 'a: [', '{}}', text('A'), `${text('b')}${text('b')}`, '\0', '['.repeat(100_000)]) {
    if (bad === '') continue;
    expect(live.update(bad), bad.slice(0, 20)).toBe(false);
    expect(live.current).toEqual(['a']);
    expect(live.issues.length).toBeGreaterThan(0);
  }
});

test('createLiveConfig() takes the next good text, and forgets the mistakes', () => {
  const live = createLiveConfig(load(text('a')).value, load);
  live.update('garbage');
  expect(live.update(text('b'))).toBe(true);
  expect(live.current).toEqual(['b']);
  expect(live.issues).toEqual([]);
});

test('createLiveConfig() takes an empty file for what it says: no providers', () => {
  const live = createLiveConfig(load(text('a')).value, load);
  expect(live.update('')).toBe(true);
  expect(live.current).toEqual([]);
});

test('C8: createLiveConfig() is unchanged when loading throws', () => {
  const live = createLiveConfig(['a'], () => {
    throw new Error('disk');
  });
  expect(() => live.update('x')).toThrow('disk');
  expect(live.current).toEqual(['a']);
  expect(live.issues).toEqual([]);
});
