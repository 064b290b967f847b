import { expect, test } from 'vitest';
import { createPlaceholders, hasPlaceholder, swapPlaceholders, variableOf } from '../../../src/proxy/placeholder.ts';
import { headOf, makeCredential, makeProvider } from '../../_lib/fixture.ts';

const provider = makeProvider();
const other = makeProvider({ id: 'other', domains: ['other.example'] });
const placeholders = createPlaceholders([provider, other]);
const [mine, theirs] = placeholders.map(({ text }) => text);
const credentials = [makeCredential(provider, { token: 'real value+1' })];
const swap = (url: string, headers: [string, string][] = []) =>
  swapPlaceholders(headOf(url, 'GET', headers), { placeholders, providers: [provider], credentials, nowSec: 1 });

test('createPlaceholders() makes one for each value, worth nothing and never the same', () => {
  expect(placeholders.map(({ provider, key }) => [provider, key])).toEqual([['api', 'token'], ['other', 'token']]);
  expect(mine).toMatch(/^sig_placeholder_[\w-]{22}$/);
  expect(createPlaceholders([provider])[0]!.text).not.toBe(mine);
});

test.each([['jira-example', 'session', 'SIG_JIRA_EXAMPLE_SESSION'], ['a.b', 'xoxc-token', 'SIG_A_B_XOXC_TOKEN']])(
  'variableOf(%j, %j)',
  (id, key, name) => {
    expect(variableOf(id, key)).toBe(name);
  },
);

test('swapPlaceholders() puts the value into headers, Basic pairs and the path', () => {
  const basic = `Basic ${btoa(`user:${mine}`)}`;
  const head = swap(`https://api.example.com/p?k=${mine}`, [['X-A', `token ${mine}!`], ['Authorization', basic], [
    'X-B',
    'plain',
  ]]);
  expect(head.path).toBe('/p?k=real%20value%2B1');
  expect(head.headers.slice(1)).toEqual([['X-A', 'token real value+1!'], [
    'Authorization',
    `Basic ${btoa('user:real value+1')}`,
  ], ['X-B', 'plain']]);
});

test('a placeholder of another provider, of another run or without value is refused', () => {
  const refused = (text: string) => expect(() => swap('https://api.example.com/', [['X', text]]));
  refused(theirs!).toThrow(expect.objectContaining({ code: 'E_PLACEHOLDER', provider: 'other' }));
  refused(`sig_placeholder_${'A'.repeat(22)}`).toThrow(
    expect.objectContaining({ code: 'E_PLACEHOLDER', hint: expect.stringContaining('another run') }),
  );
  expect(() =>
    swapPlaceholders(headOf('https://api.example.com/', 'GET', [['X', mine!]]), {
      placeholders,
      providers: [provider],
      credentials: [makeCredential(provider, {})],
      nowSec: 1,
    })
  )
    .toThrow(expect.objectContaining({ code: 'E_MISSING_VALUE' }));
});

test('hasPlaceholder() sees one anywhere in a head', () => {
  expect(hasPlaceholder(headOf(`https://a.example/${mine}`))).toBe(true);
  expect(hasPlaceholder(headOf('https://a.example/', 'GET', [['X', `a${mine}`]]))).toBe(true);
  expect(hasPlaceholder(headOf('https://a.example/', 'GET', [['Authorization', `Basic ${btoa(`u:${mine}`)}`]]))).toBe(
    true,
  );
  expect(hasPlaceholder(headOf('https://a.example/sig_placeholder_short', 'GET', [['Authorization', 'Basic !!!']])))
    .toBe(false);
});
