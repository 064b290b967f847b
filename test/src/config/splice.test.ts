import { expect, test } from 'vitest';
import { applySplices, insertEntry, removeEntry } from '../../../src/config/splice.ts';
import { type MapNode, readTree } from '../../../src/config/tree.ts';

const entry = {
  id: 'new',
  domains: ['n.example'],
  strategy: 'oauth2' as const,
  extract: [],
  apply: [],
  oauth2: { issuer: 'https://n.example' },
};
const BLOCK = (indent: string, newline = '\n') =>
  ['new:', '  domains:', '    - n.example', '  strategy: oauth2', '  issuer: https://n.example']
    .map((line) => indent + line + newline).join('');
const JSON_ENTRY = '"new": {"domains":["n.example"],"strategy":"oauth2","issuer":"https://n.example"}';

test('applySplices() applies from the end, and keeps the order of what goes to one place', () => {
  expect(applySplices('abcdef', [
    { start: 1, end: 2, text: 'X' },
    { start: 4, end: 4, text: '1' },
    { start: 4, end: 4, text: '2' },
  ])).toBe('aXcd12ef');
});

test.each([
  ['', `providers:\n${BLOCK('  ')}`],
  ['# c', `# c\nproviders:\n${BLOCK('  ')}`],
  ['# c\n\n', `# c\n\nproviders:\n${BLOCK('  ')}`],
  ['a: {}', `a: {}\n\nproviders:\n${BLOCK('  ')}`],
  ['a: {}\n\n', `a: {}\n\nproviders:\n${BLOCK('  ')}`],
  ['---\n...\n', `---\nproviders:\n${BLOCK('  ')}...\n`],
  ['providers:', `providers:\n${BLOCK('  ')}`],
  ['providers: # c\n  # d\n# e\n', `providers: # c\n  # d\n${BLOCK('  ')}# e\n`],
  ['providers: {}\nb: {}\n', `providers:\n${BLOCK('  ')}b: {}\n`],
  ['providers: { } # c\n', `providers: # c\n${BLOCK('  ')}`],
  ['providers: null\n', `providers:\n${BLOCK('  ')}`],
  ['providers:\n    a: {}\n\nb: {}\n', `providers:\n    a: {}\n\n${BLOCK('    ')}\nb: {}\n`],
  ['providers:\n  a: {} # c\n  # d\n  #e\n# f\n', `providers:\n  a: {} # c\n  # d\n  #e\n\n${BLOCK('  ')}# f\n`],
  ['providers:\n  a: |\n    x\n\nb: {}\n', `providers:\n  a: |\n    x\n\n${BLOCK('  ')}\nb: {}\n`],
  ['providers:\r\n  a: {}\r\n', `providers:\r\n  a: {}\r\n\r\n${BLOCK('  ', '\r\n')}`],
  ['{}', `{"providers": {${JSON_ENTRY}}}`],
  ['{"a": {}}', `{"a": {}, "providers": {${JSON_ENTRY}}}`],
  ['{providers: }', `{providers:  {${JSON_ENTRY}}}`],
  ['{providers: null}', `{providers: {${JSON_ENTRY}}}`],
  ['providers: {a: {}}\n', `providers: {a: {}, ${JSON_ENTRY}}\n`],
  ['providers: {a: {}, }\n', `providers: {a: {}, ${JSON_ENTRY} }\n`],
  ['providers: { # c\n}\n', `providers: {${JSON_ENTRY} # c\n}\n`],
  ['providers: {\n  a: {}, # c\n  b: {} # d\n}\n', `providers: {\n  a: {}, # c\n  b: {}, # d\n  ${JSON_ENTRY}\n}\n`],
  ['providers: {\n  a: {},\n}\n', `providers: {\n  a: {},\n  ${JSON_ENTRY}\n}\n`],
])('insertEntry() into %j', (text, expected) => {
  const result = applySplices(text, insertEntry(text, readTree(text).root, entry));
  expect(result).toBe(expected);
  expect(readTree(result).problems).toEqual([]);
});

test.each([
  ['providers:\n  a: {}\n  b: {}\n', 'providers:\n  b: {}\n'],
  ['providers:\n  # c\n  a: {} # d\n  # e\n  b: {}\n', 'providers:\n  # c\n  # e\n  b: {}\n'],
  ['providers:\n  a:\n    x: 1\n    # inside\n    y: 2\n\n  b: {}\n', 'providers:\n\n  b: {}\n'],
  ['providers:\n  ? a\n  : x: 1\n  b: {}\n', 'providers:\n  b: {}\n'],
  ['providers:\n  a: |\n    x\n  b: {}\n', 'providers:\n  b: {}\n'],
  ['providers:\n  a:', 'providers:\n'],
  ['providers:\r\n  a: {}\r\n  b: {}\r\n', 'providers:\r\n  b: {}\r\n'],
  ['providers: {a: {}, b: {}}', 'providers: {b: {}}'],
  ['providers: {b: {}, a: {}}', 'providers: {b: {} }'],
  ['providers: {a: {}}', 'providers: {}'],
  ['providers: {a: {}, }', 'providers: {}'],
  ['providers: {\n  a: {}, # c\n  b: {} # d\n}', 'providers: {\n  b: {} # d\n}'],
  ['providers: {\n  b: {}, # d\n  a: {} # c\n}', 'providers: {\n  b: {} # d\n}'],
])('removeEntry() from %j', (text, expected) => {
  const providers = (readTree(text).root as MapNode).entries[0]!.value as MapNode;
  const result = applySplices(text, removeEntry(text, providers, providers.entries.find(({ key }) => key === 'a')!));
  expect(result).toBe(expected);
  expect(readTree(result).problems).toEqual([]);
});
