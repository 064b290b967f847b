import { expect, test } from 'vitest';
import { authorityOf, originOf, parseAuthority, parseUrl } from '../../../src/target/target.ts';

test.each([
  ['https://ex.com', 'https', 'ex.com', 443, '/', 'https://ex.com/'],
  ['HTTPS://EX.com./a?b#c', 'https', 'ex.com', 443, '/a?b', 'https://ex.com/a?b'],
  ['https://ex.com:443/', 'https', 'ex.com', 443, '/', 'https://ex.com/'],
  ['https://ex.com:8443?x', 'https', 'ex.com', 8443, '/?x', 'https://ex.com:8443/?x'],
  ['http://localhost:80/a/../b', 'http', 'localhost', 80, '/b', 'http://localhost/b'],
  ['https://ex.com/a/%2e%2e/b', 'https', 'ex.com', 443, '/b', 'https://ex.com/b'],
  ['https://[::1]:3000/é', 'https', '[::1]', 3000, '/%C3%A9', 'https://[::1]:3000/%C3%A9'],
  ['https://bücher.example/', 'https', 'xn--bcher-kva.example', 443, '/', 'https://xn--bcher-kva.example/'],
  ['https://ex.com/a@b:c//d', 'https', 'ex.com', 443, '/a@b:c//d', 'https://ex.com/a@b:c//d'],
  ['https://ex.com?@evil.com/', 'https', 'ex.com', 443, '/?@evil.com/', 'https://ex.com/?@evil.com/'],
  ['https://ex.com#@evil.com/', 'https', 'ex.com', 443, '/', 'https://ex.com/'],
])('parseUrl(%j)', (text, scheme, host, port, path, href) => {
  expect(parseUrl(text)).toEqual({ target: { scheme, host, port }, path, href });
  expect(new URL(text).host.replace(/\.$/, '')).toBe(authorityOf({ scheme: scheme as 'https', host, port }));
  expect(parseUrl(href).href).toBe(href);
});

test.each([
  '',
  'ex.com',
  'ex.com:443/x',
  '/path',
  '//ex.com/',
  'ftp://ex.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'https:ex.com',
  'https:/ex.com',
  'https:///ex.com',
  'https://',
  'https://?',
  'https://#',
  'https:\\\\ex.com',
  'https://ex.com\\@evil.com',
  'https://ex.com\\.evil.com',
  ' https://ex.com',
  'https://ex.com/ x',
  'https://ex.com/\tx',
  'ht\ntps://ex.com',
  'https://ex.com/\r\nX: y',
  'https://ex.com/\0',
  'https://ex.com/\x7f',
  'https://user@ex.com/',
  'https://user:pass@ex.com/',
  'https://@ex.com/',
  'https://:@ex.com/',
  'https://ex.com@evil.com/',
  'https://ex.com:443@evil.com/',
  'https://ex.com:0/',
  'https://ex.com:65536/',
  'https://ex.com:99999/',
  'https://ex.com:123456/',
  'https://ex.com:-1/',
  'https://ex.com:8443x/',
  'https://ex.com:abc/',
  'https://ex.com:+80/',
  'https://ex.com::80/',
  'https://::1/',
  'https://[::1/',
  'https://[::1]x/',
  'https://[::1]]/',
  'https://ex%2ecom/',
  'https://ex。com/',
  'https://*.ex.com/',
  'https://ex_a.com/',
  'https:// ex.com/',
  'wss://ex.com/',
  'blob:https://ex.com/x',
])('H2: parseUrl(%j) is refused', (text) => {
  expect(() => parseUrl(text)).toThrow(expect.objectContaining({ code: 'E_TARGET' }));
});

test('parseUrl() never prints the URL, since its query may be a secret', () => {
  for (const text of ['x?hunter2', 'https://u:hunter2@ex.com/', 'https://ex.com/ ?hunter2', 'ftp://ex.com/hunter2']) {
    expect(() => parseUrl(text)).toThrow(/^(?!.*hunter2)/s);
  }
});

test('parseUrl() hints at a missing scheme', () => {
  expect(() => parseUrl('jira.example.com/x')).toThrow(
    expect.objectContaining({ hint: 'write it with its scheme, https://' }),
  );
});

test.each(
  [
    ['ex.com', 'https', { scheme: 'https', host: 'ex.com', port: 443 }],
    ['ex.com', 'http', { scheme: 'http', host: 'ex.com', port: 80 }],
    ['ex.com:', 'https', { scheme: 'https', host: 'ex.com', port: 443 }],
    ['EX.com.:8443', 'https', { scheme: 'https', host: 'ex.com', port: 8443 }],
    ['[::1]:1', 'https', { scheme: 'https', host: '[::1]', port: 1 }],
    ['0x7f.1:65535', 'http', { scheme: 'http', host: '127.0.0.1', port: 65_535 }],
  ] as const,
)('parseAuthority(%j, %s)', (text, scheme, target) => {
  expect(parseAuthority(text, scheme)).toEqual(target);
});

const HOSTS = ['ex.com', 'jira.example.com:8443', '[::1]:443', '127.0.0.1'];
const TAILS = [
  '@evil.com',
  '/',
  '/x',
  '?',
  '?x',
  '#',
  '\\',
  ':',
  ':443',
  ':x',
  ',evil.com',
  ';',
  ' ',
  '\t',
  '\r\nHost: evil',
  '\0',
  '%00',
  '%2e',
  '..',
  '|',
  '"',
];

test('H1, H2, H13: parseAuthority() refuses whatever is not a host and a port, at either end', () => {
  for (const host of HOSTS) {
    for (const tail of TAILS) {
      for (const text of [host + tail, tail + host, `evil.com${tail}${host}`]) {
        // A port for a host that has none yet, and its colon alone, are no trick.
        if (text === `${host}:443` || text === `${host}:`) continue;
        if (/^[\w.]+\.com:(?:443)?$/.test(text)) continue;
        expect(() => parseAuthority(text, 'https'), JSON.stringify(text)).toThrow(
          expect.objectContaining({ code: 'E_TARGET' }),
        );
      }
    }
  }
});

test('H7: authorityOf() and originOf() name the port unless it is the scheme’s own', () => {
  expect(authorityOf({ scheme: 'https', host: 'ex.com', port: 443 })).toBe('ex.com');
  expect(authorityOf({ scheme: 'http', host: 'ex.com', port: 443 })).toBe('ex.com:443');
  expect(originOf({ scheme: 'https', host: '[::1]', port: 80 })).toBe('https://[::1]:80');
  expect(originOf({ scheme: 'http', host: 'ex.com', port: 80 })).toBe('http://ex.com');
});
