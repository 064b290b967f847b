import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { blockLines, type Data, entryData, scalar } from '../../../src/config/write_entry.ts';

test.each([
  'jira.example.com',
  'https://jira.example.com/',
  'localhost:8443',
  '*',
  '*.x.com',
  '${session}',
  'Bearer ${t}',
  '',
  ' ',
  'a b',
  'a: b',
  'a #b',
  '# a',
  '- a',
  '? a',
  ': a',
  '404',
  '1e3',
  '0x10',
  '-1',
  '.5',
  '.inf',
  '~',
  'null',
  'True',
  'no',
  'y',
  "it's",
  '"q"',
  '[a]',
  '{a}',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '%a',
  '@a',
  '`a',
  'a,b',
  'a\nb',
  'a\tb',
  '\u0000',
  '\u001b[31m',
  '\u2028',
  '\ufeff',
  '\ud800',
  'é',
  '日本',
  '😀',
  'a:',
  'a ',
  'x'.repeat(5000),
  '12h',
  '1_000',
  '2001-01-01',
  '---',
  '...',
  'GET,POST /x/**',
  '/x',
  'https://a.example/?q=1&r=2#f',
  '<<',
  '=',
])('scalar(%j) reads back as itself', (text) => {
  expect(parse(`key: ${scalar(text)}\n`)).toEqual({ key: text });
  expect(parse(`- ${scalar(text)}\n`)).toEqual([text]);
  if (text.length < 1000) expect(parse(`${scalar(text)}: x\n`)).toEqual({ [text]: 'x' });
});

test('scalar() is plain where people write it plain', () => {
  for (
    const text of [
      'jira.example.com',
      'https://x.com/',
      '12h',
      'Enter your GitHub personal access token',
      'Cookie',
      'read:data',
    ]
  ) {
    expect(scalar(text)).toBe(text);
  }
  expect(scalar('*')).toBe("'*'");
  expect(scalar('${session}')).toBe("'${session}'");
  expect(scalar(true)).toBe('true');
});

test('blockLines() writes what YAML reads', () => {
  const data: { [key: string]: Data } = {
    a: 'x',
    b: { c: true, d: { e: 'f' } },
    g: ['h', '*', { i: 'j', k: 'l' }, { m: ['n'] }],
    o: [],
    '404': 'p',
  };
  expect(parse(blockLines(data, 0).join('\n'))).toEqual(data);
  expect(parse(`x:\n${blockLines(data, 4).join('\n')}`)).toEqual({ x: data });
});

test('blockLines() writes what has no place in config.yaml so that it reads back too', () => {
  const data: { [key: string]: Data } = { a: [['b', ['c']], {}, []], d: {}, e: { f: {} } };
  expect(parse(blockLines(data, 0).join('\n'))).toEqual(data);
});

test('entryData() writes the form of the first documented entry', () => {
  const entry: ProviderConfig = {
    id: 'jira-example',
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    strategy: 'browser',
    entryUrl: 'https://jira.example.com/',
    domains: ['jira.example.com'],
  };
  expect(blockLines({ [entry.id]: entryData(entry) }, 0).join('\n')).toBe(`jira-example:
  domains:
    - jira.example.com
  entryUrl: https://jira.example.com/
  strategy: browser
  extract:
    - from: cookies
      as: session
      match: '*'
  apply:
    - in: header
      name: Cookie
      value: '\${session}'`);
});

test('entryData() writes durations, allow rules and OAuth fields as the file has them', () => {
  expect(entryData({
    id: 'a',
    domains: ['a.example'],
    strategy: 'oauth2',
    ttlSec: 7200,
    oauth2: { tokenUrl: 'https://a.example/t', dpop: true },
    extract: [],
    apply: [],
    allow: [{ path: '/x' }, { methods: ['GET', 'POST'], path: '/y/**' }],
  })).toEqual({
    domains: ['a.example'],
    strategy: 'oauth2',
    tokenUrl: 'https://a.example/t',
    dpop: true,
    ttl: '2h',
    allow: ['/x', 'GET,POST /y/**'],
  });
});

test('entryData() writes what signs requests as three keys of the entry, which read back', () => {
  const entry: ProviderConfig = {
    id: 'shop',
    domains: ['shop.example'],
    strategy: 'key',
    extract: [],
    apply: [],
    sign: { profile: 'web-bot-auth', agent: 'https://bot.example', form: 'legacy-string' },
  };
  expect(entryData(entry)).toEqual({
    domains: ['shop.example'],
    strategy: 'key',
    sign: 'web-bot-auth',
    signatureAgent: 'https://bot.example',
    signatureAgentForm: 'legacy-string',
  });
  const text = blockLines({ providers: { shop: entryData(entry) } }, 0).join('\n');
  expect(parseConfig(text)).toMatchObject({ issues: [], providers: [entry] });
});
