import { expect, test } from 'vitest';
import { isProviderId, proposeId, requireProviderId, toProviderId } from '../../src/provider_id.ts';

test.each(['a', 'jira-example', '404', 'a.b', 'a_b', 'a-', 'a_', 'x'.repeat(64), 'conx', 'co', 'null', 'constructor'])(
  'isProviderId(%j)',
  (id) => {
    expect(isProviderId(id)).toBe(true);
    expect(requireProviderId(id)).toBe(id);
  },
);

test.each([
  '',
  'A',
  'a/b',
  'a\\b',
  '../x',
  '..',
  '.',
  'a..b',
  '.a',
  '-a',
  '_a',
  'a.',
  'x'.repeat(65),
  'é',
  'a b',
  'a\0',
  'a\n',
  '\u202ea',
  'con',
  'CON',
  'nul',
  'aux.txt',
  'com1',
  'com0.x',
  'lpt9',
  'prn.',
  '__proto__',
  'a:b',
  'a*',
  '~',
  '%2e',
  'a;b',
  "a'b",
])('S22: isProviderId(%j) is false', (id) => {
  expect(isProviderId(id)).toBe(false);
  expect(() => requireProviderId(id)).toThrow(expect.objectContaining({ code: 'E_ID' }));
});

test('S22: distinct ids are distinct files on a file system without case', () => {
  const alphabet = ['a', 'b', '1', '.', '_', '-', 'A'];
  const ids = alphabet.flatMap((x) => alphabet.flatMap((y) => alphabet.map((z) => x + y + z))).filter(isProviderId);
  expect(new Set(ids.map((id) => id.toLowerCase().replace(/[. ]+$/, ''))).size).toBe(ids.length);
});

test('requireProviderId() suggests the lower-case form and prints ids safely', () => {
  expect(() => requireProviderId('Jira')).toThrow(expect.objectContaining({ hint: 'did you mean "jira"?' }));
  expect(() => requireProviderId('\u001b[31m')).toThrow('"\\u001b[31m"');
  expect(() => requireProviderId('x'.repeat(9999))).toThrow(/^.{1,140}$/);
});

const none = () => false;

test.each([
  ['jira.example.com', 'jira-example'],
  ['wiki.example.com', 'wiki-example'],
  ['confluence.example.com', 'confluence'],
  ['github.com', 'github-com'],
  ['api.github.com', 'api-github'],
  ['www.reddit.com', 'www-reddit'],
  ['localhost', 'localhost'],
  ['x', 'x'],
  ['127.0.0.1', '127-0'],
  ['[::1]', '1'],
  ['xn--bcher-kva.example', 'xn--bcher-kva'],
  [`${'a'.repeat(63)}.example`, 'a'.repeat(56)],
  ['con', 'con-site'],
])('proposeId(%j) is %j', (host, id) => {
  expect(proposeId(host, none)).toBe(id);
  expect(isProviderId(id)).toBe(true);
});

test('proposeId() counts up when an id is taken', () => {
  const taken = new Set(['jira-example', 'jira-example-2']);
  expect(proposeId('jira.example.com', (id) => taken.has(id))).toBe('jira-example-3');
});

test.each([
  ['jira', 'jira'],
  ['My Jira', 'my-jira'],
  ['a/b', 'a-b'],
  ['../../x', 'x'],
  ['A..B', 'a.b'],
  ['__proto__', 'proto__'],
  ['é', undefined],
  ['', undefined],
  ['con', undefined],
  ['x'.repeat(100), 'x'.repeat(64)],
])('toProviderId(%j) is %j', (text, id) => {
  expect(toProviderId(text)).toBe(id);
});
