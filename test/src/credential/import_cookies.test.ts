import { expect, test } from 'vitest';
import { importLogin } from '../../../src/credential/import_cookies.ts';
import { isSigError } from '../../../src/errors.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';

const CONTEXT = { nowSec: 1_790_000_000, isPublicSuffix };

test.each<[string, string]>([
  ['netscape', '# Netscape HTTP Cookie File\n.example.com\tTRUE\t/\tTRUE\t0\tsid\tv\n'],
  ['netscape', '\ufeffexample.com\tFALSE\t/\tTRUE\t0\tsid\tv'],
  ['json', ' [{"name": "sid", "value": "v", "domain": "example.com"}]'],
  ['json', '\ufeff{"cookies": [{"name": "sid", "value": "v", "domain": "example.com"}]}'],
  ['curl', "curl 'https://example.com/' -b 'sid=v'"],
  [
    'har',
    '{"log": {"entries": [{"request": {"url": "https://example.com/", "headers": [{"name": "Cookie", "value": "sid=v"}]}}]}}',
  ],
])('importLogin() tells %s by the text', (format, text) => {
  const found = importLogin(text, CONTEXT);
  expect(found.format).toBe(format);
  expect(found.cookies).toMatchObject([{ name: 'sid', value: 'v', domain: 'example.com', path: '/' }]);
});

test.each<[string, RegExp]>([
  ['', /format is not known/],
  ['sid=v; other=w', /format is not known/],
  ['<html></html>', /format is not known/],
  ['{', /begins like JSON/],
  ['[{"name": "sid", "value": "hunter2"', /begins like JSON/],
  ['[]', /no cookies/],
  ['{"cookies": []}', /no cookies/],
  ['# Netscape HTTP Cookie File\n#\t\n', /no cookies/],
  ['"text"', /format is not known/],
  ['{"log": {"entries": []}}', /no cookies/],
  [`curl 'https://example.com/' -b 'a=${'x'.repeat(1_000_001)}'`, /million characters/],
])('importLogin(%j) is refused', (text, message) => {
  expect(() => importLogin(text, CONTEXT)).toThrow(message);
});

test('importLogin() quotes no value in an error', () => {
  const texts = [
    '[{"name": "sid", "value": "hunter2", oops}]',
    '[{"name": "sid", "value": {"hunter2": 1}, "domain": "example.com"}]',
    "curl 'https://example.com/?hunter2' -b 'sid=hunter2",
    "curl 'https://example.com/?hunter2' --hunter2",
    'example.com\thunter2\t/\tTRUE\t0\tsid\thunter2',
    'example.com\tTRUE\t/\tTRUE\thunter2\tsid\tv',
    'example.com\tTRUE\t/\tTRUE\t0\tsid\tv\thunter2',
    '.co.uk\tTRUE\t/\tTRUE\t0\tsid\thunter2',
  ];
  for (const text of texts) {
    let error: unknown;
    try {
      importLogin(text, CONTEXT);
    } catch (thrown) {
      error = thrown;
    }
    expect(isSigError(error, 'E_IMPORT'), text).toBe(true);
    const told = JSON.stringify(error);
    // An option's name is not a value.
    if (!text.includes('--hunter2')) expect(told).not.toContain('hunter2');
  }
});
