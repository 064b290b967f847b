import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../src/secret.ts';

test('R7: a Secret prints as [secret] everywhere, inside other things too', () => {
  const secret = new Secret('canary');
  const shown = [
    `${secret}`,
    secret + '',
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ a: [secret] }, { depth: 9, showHidden: true }),
    String([secret]),
  ];
  for (const text of shown) {
    expect(text).toContain('[secret]');
    expect(text).not.toContain('canary');
  }
  expect(Object.keys(secret)).toEqual([]);
  expect(structuredClone({ ...secret })).toEqual({});
});

test('reveal() opens it', () => {
  expect(new Secret('canary').reveal()).toBe('canary');
  expect(new Secret([1]).reveal()).toEqual([1]);
});
