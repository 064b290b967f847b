import { expect, test } from 'vitest';
import {
  type Field,
  hasEnvironment,
  makeField,
  openMap,
  readChoice,
  readEnvironmentText,
  readFlag,
  readList,
  readMap,
  readText,
  reportUnknownKey,
  type Scope,
} from '../../../src/config/field.ts';
import { type MapNode, readTree } from '../../../src/config/tree.ts';

/** The fields of a text's map, and what is said about them. */
function open(text: string, known: readonly string[]): { fields: Map<string, Field>; said: string[]; marks: string[] } {
  const said: string[] = [];
  const marks: string[] = [];
  const scope: Scope = {
    report: (offset, message, hint) => said.push(`${offset} ${message}${hint === undefined ? '' : ` | ${hint}`}`),
    mark: (path, offset) => marks.push(`${path.join('.')} ${offset}`),
  };
  return { fields: openMap(readTree(text).root as MapNode, [], scope, known), said, marks };
}

function readOne<T>(value: string, read: (field: Field) => T): { value: T; said: string[] } {
  const { fields, said } = open(`key: ${value}\n`, ['key']);
  return { value: read(fields.get('key')!), said };
}

test('openMap() reports unknown keys and reads a misspelt one as what it was meant to be', () => {
  const { fields, said } = open('domian: x\nfoo: y\n', ['domains', 'name']);
  expect([...fields.keys()]).toEqual(['domains']);
  expect(said).toEqual([
    '0 unknown key "domian" | did you mean "domains"?',
    '10 unknown key "foo" | known here: domains, name',
  ]);
});

test('openMap() prefers the key as it should be over a misspelt one', () => {
  const { fields } = open('domian: x\ndomains: y\n', ['domains']);
  expect(readText(fields.get('domains'))).toBe('y');
});

test('openMap() remembers the place of each value, of a block the place of its key', () => {
  expect(open('a: x\nb:\n  - y\nc:\n', ['a', 'b', 'c']).marks).toEqual(['a 3', 'b 5', 'c 14']);
});

test('reportUnknownKey() speaks of older formats and merge keys, and prints keys safely', () => {
  const said: unknown[] = [];
  const scope: Scope = { report: (...all) => said.push(all), mark: () => {} };
  reportUnknownKey(scope, 'old', 1, ['new'], { old: 'it is new now' });
  reportUnknownKey(scope, '<<', 2, ['new']);
  reportUnknownKey(scope, 'constructor', 3, ['new'], { old: 'it is new now' });
  reportUnknownKey(scope, `\u001b[31m${'x'.repeat(1000)}`, 4, ['new']);
  expect(said).toEqual([
    [1, 'unknown key "old"', 'it is new now'],
    [2, 'unknown key "<<"', 'merge keys are not part of YAML 1.2'],
    [3, 'unknown key "constructor"', 'known here: new'],
    [4, `unknown key "\\u001b[31m${'x'.repeat(75)}"`, 'known here: new'],
  ]);
});

test.each([['plain'], ["'quoted'"], ['no'], ['12:30'], ['"404"'], ['|\n  block'], ['${NAME}']])(
  'readText() takes the string %j',
  (text) => {
    const { value, said } = readOne(text, readText);
    expect(typeof value).toBe('string');
    expect(said).toEqual([]);
  },
);

test.each([
  ['', '0 "key" has no value'],
  ['~', '0 "key" has no value'],
  ['""', '5 "key" is empty'],
  ['" "', '5 "key" is empty'],
  ['404', '5 "key" must be text, not a number | put it in quotes'],
  ['.inf', '5 "key" must be text, not a number | put it in quotes'],
  ['true', '5 "key" must be text, not a boolean | put it in quotes'],
  ['[a]', '0 "key" must be text, not a list'],
  ['{a: b}', '0 "key" must be text, not a map'],
])('readText() refuses %j', (text, message) => {
  expect(readOne(text, readText)).toEqual({ value: undefined, said: [message] });
});

test('readText() of a secret that is a number does not print it', () => {
  expect(readOne('8675309', readText).said.join()).not.toContain('8675309');
});

test.each(['${NAME}', 'https://${HOST_1}/x', 'a $ b', 'a {b}', '$5', '${A}${B}'])(
  'readEnvironmentText() takes %j',
  (text) => {
    expect(readOne(`'${text}'`, readEnvironmentText)).toEqual({ value: text, said: [] });
  },
);

test.each(['${', '${}', '${client-id}', '${ NAME }', '${1A}', '${A', 'x${A}${B-C}', '${${A}}'])(
  'readEnvironmentText() refuses %j and does not quote it',
  (text) => {
    expect(readOne(`'${text}'`, readEnvironmentText)).toEqual({
      value: undefined,
      said: ['5 "key" has "${" without the name of an environment variable | write ${NAME}: letters, digits and "_"'],
    });
  },
);

test('hasEnvironment() tells texts whose value is not known yet', () => {
  expect(hasEnvironment('https://${HOST}/')).toBe(true);
  expect(hasEnvironment('https://host/')).toBe(false);
});

test.each([['true', true], ['false', false], ['True', true], ['FALSE', false]])(
  'readFlag() takes %j',
  (text, value) => {
    expect(readOne(text, readFlag)).toEqual({ value, said: [] });
  },
);

test.each([
  ['yes', ' | did you mean true?'],
  ['"true"', ' | did you mean true?'],
  ['1', ' | did you mean true?'],
  ['off', ' | did you mean false?'],
  ['maybe', ''],
  ['', ''],
  ['[true]', ''],
])('readFlag() refuses %j', (text, hint) => {
  const { value, said } = readOne(text, readFlag);
  expect(value).toBeUndefined();
  expect(said[0]).toMatch(/must be true or false/);
  expect(said[0]).toContain(`must be true or false${hint}`);
});

test('readChoice() takes a word of the list and suggests one for a slip', () => {
  const read = (field: Field) => readChoice(field, ['browser', 'oauth2']);
  expect(readOne('oauth2', read).value).toBe('oauth2');
  expect(readOne('oauth', read).said).toEqual(['5 "key" cannot be "oauth" | did you mean "oauth2"?']);
  expect(readOne('Browser', read).said).toEqual(['5 "key" cannot be "Browser" | did you mean "browser"?']);
  expect(readOne('cookie', read).said).toEqual(['5 "key" cannot be "cookie" | one of: browser, oauth2']);
  expect(readOne('constructor', read).value).toBeUndefined();
});

test('readList() leaves out what cannot be read, and places follow the index that items get', () => {
  const { fields, said, marks } = open('key: [a, 1, c]\n', ['key']);
  expect(readList(fields.get('key'), readText, '[a]')).toEqual(['a', 'c']);
  expect(said).toEqual(['9 item of "key" must be text, not a number | put it in quotes']);
  expect(marks).toEqual(['key 0', 'key.0 6', 'key.1 9', 'key.1 12']);
});

test.each([
  ['a', '"key" must be a list | write [a]'],
  ['{a: b}', '"key" must be a list | write [a]'],
  ['', '"key" has no value | write [a]'],
  ['[]', '"key" is an empty list | write [a]'],
])('readList() refuses %j', (text, message) => {
  expect(readOne(text, (field) => readList(field, readText, '[a]')).said.join()).toContain(message);
});

test('readMap() opens a map and refuses anything else', () => {
  const read = (field: Field) => readMap(field, ['a'], 'a rule')?.size;
  expect(readOne('{a: b}', read)).toEqual({ value: 1, said: [] });
  expect(readOne('b', read)).toEqual({ value: undefined, said: ['5 a rule must be a map | with a'] });
});

test('readers of a field that is not there say nothing', () => {
  for (const read of [readText, readFlag, readEnvironmentText]) expect(read(undefined)).toBeUndefined();
  expect(readChoice(undefined, ['a'])).toBeUndefined();
  expect(readList(undefined, readText, '')).toBeUndefined();
});

test('makeField() marks its place', () => {
  const marks: unknown[] = [];
  const scope: Scope = { report: () => {}, mark: (path, offset) => marks.push([path, offset]) };
  makeField(scope, ['a', 0], 'a', { kind: 'scalar', start: 7, end: 8, value: 'x' }, 7);
  expect(marks).toEqual([[['a', 0], 7]]);
});
