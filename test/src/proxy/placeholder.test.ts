import { expect, test } from 'vitest';
import { createPlaceholders, hasPlaceholder, swapPlaceholders, variableOf } from '../../../src/proxy/placeholder.ts';
import { headOf, makeCredential, makeProvider } from '../../_lib/fixture.ts';

const provider = makeProvider();
const [placeholder] = createPlaceholders([provider]);
const credential = makeCredential(provider, { token: 'secret-value' });
const own = { placeholders: [placeholder!], providers: [provider], credentials: [credential], nowSec: 0 };
const head = (value: string) => headOf(`https://api.example.com/?q=${value}`, 'GET', [['X', `a ${value} b`]]);

test('variableOf() is in upper case with underscores', () => {
  expect(variableOf('jira-example', 'session')).toBe('SIG_JIRA_EXAMPLE_SESSION');
});

test('swapPlaceholders() swaps in header and query', () => {
  const swapped = swapPlaceholders(head(placeholder!.text), own);
  expect(swapped.path).toBe('/?q=secret-value');
  expect(swapped.headers.at(-1)).toEqual(['X', 'a secret-value b']);
});

test("R10: swapPlaceholders() refuses a provider that is not the host's, and a text of another run", () => {
  expect(() => swapPlaceholders(head(placeholder!.text), { ...own, providers: [], credentials: [] })).toThrow(
    /may not be sent/,
  );
  expect(() => swapPlaceholders(head(placeholder!.text), { ...own, placeholders: [] })).toThrow(/may not be sent/);
});

test('hasPlaceholder() looks into Basic pairs', () => {
  const basic = (text: string) => headOf('https://a.example/', 'GET', [['Authorization', `Basic ${btoa(text)}`]]);
  expect(hasPlaceholder(basic(`me:${placeholder!.text}`))).toBe(true);
  expect(hasPlaceholder(basic('me:something else that is long'))).toBe(false);
  expect(hasPlaceholder(headOf('https://a.example/'))).toBe(false);
});
