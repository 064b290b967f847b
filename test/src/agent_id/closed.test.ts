import { expect, test } from 'vitest';
import {
  broken,
  optional,
  readBoolean,
  readChoice,
  readList,
  readObject,
  readPattern,
  readRecord,
  readText,
} from '../../../src/agent_id/closed.ts';

const refused = (work: () => unknown, message: RegExp) =>
  expect(work).toThrow(expect.objectContaining({ code: 'E_MANIFEST', message: expect.stringMatching(message) }));

test('broken() names the place', () => {
  expect(broken('api.base', 'is missing')).toMatchObject({
    code: 'E_MANIFEST',
    message: 'Cannot use the manifest: api.base is missing',
  });
});

test('optional() reads what is there, null included', () => {
  expect(optional(undefined, () => 1)).toBeUndefined();
  expect(optional(null, (value) => value)).toBeNull();
});

test('readObject() takes known keys only, and own ones', () => {
  expect(readObject({ a: 1 }, 'x', ['a', 'toString'])).toEqual({ a: 1 });
  expect(Object.hasOwn(readObject({}, 'x', ['toString']), 'toString')).toBe(false);
  refused(() => readObject({ a: 1, b: 2 }, 'x', ['a']), /x has the unknown key "b"/);
  refused(() => readObject(JSON.parse('{"__proto__":{"a":1}}'), 'x', ['a']), /unknown key "__proto__"/);
});

test.each([null, [], 'x', 1, undefined])('readRecord() refuses %o', (value) => {
  refused(() => readRecord(value, 'x'), /x is (?:not an object|missing)/);
});

test('readList(), readText(), readPattern(), readChoice() and readBoolean() keep their bounds', () => {
  expect(readList([1], 'x', 1, 1)).toEqual([1]);
  refused(() => readList([], 'x', 1, 2), /1 to 2 entries/);
  refused(() => readList({ length: 1 }, 'x', 1, 2), /not a list/);
  expect(readText('a\tb\nc', 'x', 1, 5)).toBe('a\tb\nc');
  refused(() => readText('abc', 'x', 1, 2), /1 to 2 characters/);
  refused(() => readText('', 'x', 1, 2), /characters/);
  for (const control of ['\0', '\x1b', '\x7f', '\x0b']) refused(() => readText(control, 'x', 1, 2), /control/);
  refused(() => readText(7, 'x', 1, 2), /not a string/);
  refused(() => readPattern('b', 'x', /^a$/), /form/);
  refused(() => readPattern(undefined, 'x', /^a$/), /missing/);
  expect(readChoice(2, 'x', [1, 2])).toBe(2);
  refused(() => readChoice('2', 'x', [1, 2]), /one of 1, 2/);
  refused(() => readBoolean('true', 'x'), /true or false/);
});
