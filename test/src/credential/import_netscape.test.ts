import { expect, test } from 'vitest';
import { draftImport, type ImportDraft } from '../../../src/credential/imported.ts';
import { importNetscape } from '../../../src/credential/import_netscape.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';

const NOW = 1_790_000_000;

function read(text: string): ImportDraft {
  const draft = draftImport({ nowSec: NOW, isPublicSuffix });
  importNetscape(text, draft);
  return draft;
}

test('importNetscape() reads every field, comments, CRLF and HttpOnly lines', () => {
  const { cookies, skipped } = read(
    [
      '# Netscape HTTP Cookie File',
      '# https://curl.se/docs/http-cookies.html',
      '',
      `.example.com\tTRUE\t/\tTRUE\t${NOW + 60}\tsid\tv`,
      '#HttpOnly_www.example.com\tFALSE\t/a\tFALSE\t0\th\tw w',
      `example.com\tFALSE\t/\tFALSE\t${NOW + 60}.75\tempty\t`,
      `example.com\tFALSE\t/\tFALSE\t-1\tbare`,
    ].join('\r\n'),
  );
  expect(skipped).toEqual([]);
  expect([...cookies.values()].map(({ createdAtSec: _, ...cookie }) => cookie)).toEqual([
    {
      name: 'sid',
      value: 'v',
      domain: 'example.com',
      hostOnly: false,
      path: '/',
      secure: true,
      httpOnly: false,
      expiresAtSec: NOW + 60,
    },
    { name: 'h', value: 'w w', domain: 'www.example.com', hostOnly: true, path: '/a', secure: false, httpOnly: true },
    {
      name: 'empty',
      value: '',
      domain: 'example.com',
      hostOnly: true,
      path: '/',
      secure: false,
      httpOnly: false,
      expiresAtSec: NOW + 60,
    },
    { name: 'bare', value: '', domain: 'example.com', hostOnly: true, path: '/', secure: false, httpOnly: false },
  ]);
});

test('importNetscape() writes values beyond ASCII as octets', () => {
  expect([...read('example.com\tFALSE\t/\tTRUE\t0\ta\té').cookies.values()][0]!.value).toBe('\u00c3\u00a9');
});

test.each<[string, RegExp]>([
  ['example.com\tTRUE\t/\tTRUE\t0', /line 1 has 5 fields/],
  ['example.com\tTRUE\t/\tTRUE\t0\ta\tb\tc', /line 1 has 8 fields/],
  ['example.com TRUE / TRUE 0 a b', /line 1 has 1 fields/],
  ['\nexample.com\tyes\t/\tTRUE\t0\ta\tb', /"subdomains" of line 2/],
  ['example.com\tTRUE\t/\t1\t0\ta\tb', /"secure" of line 1/],
  ['example.com\tTRUE\t/\tTRUE\tsoon\ta\tb', /"expiry" of line 1/],
  ['example.com\tTRUE\t/\tTRUE\t1e9\ta\tb', /"expiry" of line 1/],
  ['example.com\tTRUE\t/\tTRUE\t\ta\tb', /"expiry" of line 1/],
])('importNetscape(%j) is refused', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test.each<[string, RegExp]>([
  ['.co.uk\tTRUE\t/\tTRUE\t0\ta\tb', /public suffix/],
  ['exa mple.com\tTRUE\t/\tTRUE\t0\ta\tb', /not a host/],
  [`example.com\tTRUE\t/\tTRUE\t${NOW}\ta\tb`, /expired/],
  ['example.com\tFALSE\t/\tFALSE\t0\t__Host-a\tb', /"Secure"/],
  ['example.com\tTRUE\t/\tTRUE\t0\t__Host-a\tb', /one host/],
  ['example.com\tTRUE\t/\tTRUE\t0\ta\tb\x00', /characters/],
  [`example.com\tTRUE\t/\tTRUE\t0\ta\t${'x'.repeat(5000)}`, /4096/],
])('B3: importNetscape(%j) skips the cookie with its reason', (text, reason) => {
  const { cookies, skipped } = read(text);
  expect(cookies.size).toBe(0);
  expect(skipped.join()).toMatch(reason);
  expect(skipped.join()).toMatch(/^line 1: /);
});
