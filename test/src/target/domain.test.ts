import { expect, test } from 'vitest';
import { formatDomain, matchDomain, parentOf, parseDomain } from '../../../src/target/domain.ts';
import { parseUrl } from '../../../src/target/target.ts';

test.each([
  ['ex.com', { host: 'ex.com', port: undefined, wildcard: false }],
  ['EX.com.', { host: 'ex.com', port: undefined, wildcard: false }],
  ['ex.com:8443', { host: 'ex.com', port: 8443, wildcard: false }],
  ['*.ex.com', { host: 'ex.com', port: undefined, wildcard: true }],
  ['*.ex.com:8443', { host: 'ex.com', port: 8443, wildcard: true }],
  ['[::1]:8443', { host: '[::1]', port: 8443, wildcard: false }],
  ['0x7f.1', { host: '127.0.0.1', port: undefined, wildcard: false }],
  ['bücher.example', { host: 'xn--bcher-kva.example', port: undefined, wildcard: false }],
])('parseDomain(%j)', (text, pattern) => {
  expect(parseDomain(text)).toEqual(pattern);
  expect(parseDomain(formatDomain(pattern))).toEqual(pattern);
});

test.each([
  '',
  '*',
  '*.',
  '**.ex.com',
  '*.*.ex.com',
  'a.*.com',
  'a*.com',
  '*a.com',
  '*ex.com',
  'ex.*',
  '.ex.com',
  '*.127.0.0.1',
  '*.[::1]',
  '*.0x7f.1',
  'ex.com/',
  'ex.com/path',
  'https://ex.com',
  'ex.com:',
  'ex.com:0',
  'ex.com:65536',
  'ex.com:999999',
  'ex.com:x',
  'ex.com:80:80',
  'u@ex.com',
  'a.b|c',
  '[x]',
  '[a-z].com',
  '(a|b).com',
  'a{2}.com',
  'a+.com',
  'a?.com',
  '^ex.com$',
  'ex\\.com',
  '.*',
  'ex.com.*',
  'ex .com',
  'ex.com\n',
  '\tex.com',
  'ex\0.com',
  'ex,com',
  'ex.com, b.com',
])('H10: parseDomain(%j) is refused', (text) => {
  expect(() => parseDomain(text)).toThrow(expect.objectContaining({ code: 'E_TARGET' }));
});

test('parseDomain() leaves a query out of its message', () => {
  expect(() => parseDomain('https://ex.com/?token=hunter2')).toThrow(/^(?!.*hunter2).*"https:\/\/ex\.com\/"/);
});

function matches(domain: string, url: string): boolean {
  return matchDomain(parseDomain(domain), parseUrl(url).target);
}

test.each([
  ['example.com', 'https://example.com'],
  ['example.com', 'https://EXAMPLE.com.'],
  ['example.com', 'https://example.com:443'],
  ['example.com', 'http://example.com'],
  ['example.com:8443', 'https://example.com:8443'],
  ['*.example.com', 'https://a.example.com'],
  ['*.example.com', 'https://xn--a-0fa.example.com'],
  ['127.0.0.1:8443', 'https://0x7f.1:8443'],
  ['[::1]', 'https://[0:0:0:0:0:0:0:1]'],
])('matchDomain(%j) covers %s', (domain, url) => {
  expect(matches(domain, url)).toBe(true);
});

test.each([
  ['example.com', 'https://evil-example.com'],
  ['example.com', 'https://xexample.com'],
  ['example.com', 'https://example.com.evil.com'],
  ['example.com', 'https://example.comevil'],
  ['example.com', 'https://a.example.com'],
  ['example.com', 'https://com'],
  ['*.example.com', 'https://example.com'],
  ['*.example.com', 'https://a.b.example.com'],
  ['*.example.com', 'https://evil-example.com'],
  ['*.example.com', 'https://example.com.evil.com'],
  ['*.example.com', 'https://a.example.com.evil.com'],
  ['*.example.com', 'https://aexample.com'],
  ['*.1', 'https://a.example'],
])('H9: matchDomain(%j) does not cover %s', (domain, url) => {
  if (domain === '*.1') expect(() => parseDomain(domain)).toThrow();
  else expect(matches(domain, url)).toBe(false);
});

test.each([
  ['example.com', 'https://example.com:8443'],
  ['example.com', 'https://example.com:80'],
  ['example.com', 'http://example.com:443'],
  ['example.com:8443', 'https://example.com'],
  ['example.com:443', 'http://example.com'],
  ['*.example.com', 'https://a.example.com:8443'],
  ['127.0.0.1:8443', 'https://127.0.0.1'],
])('H7: matchDomain(%j) does not cover another port: %s', (domain, url) => {
  expect(matches(domain, url)).toBe(false);
});

test('H12: an address never matches a name rule, nor a name an address rule', () => {
  for (const domain of ['*.0.0.1', '*.example.com', 'example.com', '*.com']) {
    for (const url of ['https://127.0.0.1', 'https://[::1]', 'https://2130706433']) {
      let pattern;
      try {
        pattern = parseDomain(domain);
      } catch {
        continue;
      }
      expect(matchDomain(pattern, parseUrl(url).target), `${domain} ${url}`).toBe(false);
    }
  }
  expect(parentOf('127.0.0.1')).toBeUndefined();
  expect(parentOf('[::1]')).toBeUndefined();
});

test('H9: matchDomain() agrees with comparing labels one by one, over all short hosts', () => {
  const labels = ['a', 'b', 'ab', 'com'];
  const hosts = [
    ...labels,
    ...labels.flatMap((x) => labels.map((y) => `${x}.${y}`)),
    ...labels.flatMap((x) => labels.flatMap((y) => labels.map((z) => `${x}.${y}.${z}`))),
  ];
  /** The rule as written: same labels, or one more in front under a wildcard. */
  const model = (pattern: string, host: string): boolean => {
    const [wanted, given] = [pattern.split('.'), host.split('.')];
    return wanted.length === given.length && wanted.every((label, i) => (label === '*' ? i === 0 : label === given[i]));
  };
  for (const host of hosts) {
    for (const base of hosts) {
      for (const pattern of [base, `*.${base}`]) {
        expect(matches(pattern, `https://${host}`), `${pattern} ${host}`).toBe(model(pattern, host));
      }
    }
  }
});

test('parentOf() drops one label', () => {
  expect(parentOf('a.b.c')).toBe('b.c');
  expect(parentOf('localhost')).toBeUndefined();
});
