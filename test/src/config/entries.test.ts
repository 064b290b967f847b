import { expect, test } from 'vitest';
import { findEntries } from '../../../src/config/entries.ts';
import { readTree } from '../../../src/config/tree.ts';

function find(text: string): { ids: string[]; said: string[] } {
  const said: string[] = [];
  const { root } = readTree(text);
  const found = findEntries(root, {
    report: (_, message, hint) => said.push(hint === undefined ? message : `${message} | ${hint}`),
    mark: () => {},
  });
  for (const { id, entry, parent } of found) {
    expect(entry.key).toBe(id);
    expect(parent.entries).toContain(entry);
  }
  return { ids: found.map(({ id }) => id), said };
}

test('findEntries() finds entries under "providers" and at the top level, in file order', () => {
  expect(find('a: {domains: [x]}\nproviders:\n  b: {}\n  c: 1\nd: {strategy: browser}\n')).toEqual({
    ids: ['a', 'b', 'c', 'd'],
    said: [],
  });
});

test('findEntries() takes a map with a misspelt "domains" for a provider', () => {
  expect(find('a: {domian: [x]}\n').ids).toEqual(['a']);
});

test.each([
  ['', []],
  ['providers:', []],
  ['providers: {}', []],
  ['provider: {a: b}', ['unknown key "provider" | did you mean "providers"?']],
  ['browser: {execPath: /x}', [
    'unknown key "browser" | this is a setting of sigcli 1.x; "sig import sigcli" converts such a file',
  ]],
  ['version: 1', ['unknown key "version" | known here: providers']],
  ['x: {a: b}', ['unknown key "x" | known here: providers']],
  ['x: [domains]', ['unknown key "x" | known here: providers']],
  ['__proto__: {a: b}', ['unknown key "__proto__" | known here: providers']],
  ['- a', ['the file must be a map | begin with "providers:"']],
  ['text', ['the file must be a map | begin with "providers:"']],
  ['providers: [a]', ['"providers" must be a map | from a provider id to its settings']],
  ['providers: a', ['"providers" must be a map | from a provider id to its settings']],
])('findEntries(%j) finds no provider and says so', (text, said) => {
  expect(find(text)).toEqual({ ids: [], said });
});
