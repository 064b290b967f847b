import { lookup } from 'node:dns/promises';
import process from 'node:process';
import { expect, test } from 'vitest';
import { canonicalHost, hostKind, isLoopbackHost } from '../../../src/target/host.ts';
import { IS_DENO } from '../../_lib/sig.ts';

function canonical(raw: string): string | undefined {
  try {
    return canonicalHost(raw);
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_TARGET' });
    return undefined;
  }
}

test.each([
  ['ex.com', 'ex.com'],
  ['EX.com', 'ex.com'],
  ['EX.com.', 'ex.com'],
  ['localhost', 'localhost'],
  ['a-b.c-d.example', 'a-b.c-d.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['BÜCHER.example', 'xn--bcher-kva.example'],
  ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  ['a'.repeat(63) + '.example', 'a'.repeat(63) + '.example'],
])('canonicalHost(%j) is %j', (raw, host) => {
  expect(canonicalHost(raw)).toBe(host);
  // One form: doing it again changes nothing.
  expect(canonicalHost(host)).toBe(host);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['0x7f.1', '127.0.0.1'],
  ['0X7F.0.0.1', '127.0.0.1'],
  ['2130706433', '127.0.0.1'],
  ['017700000001', '127.0.0.1'],
  ['0177.0.0.01', '127.0.0.1'],
  ['127.0.0.1.', '127.0.0.1'],
  ['0', '0.0.0.0'],
  ['0.0.0.0', '0.0.0.0'],
  ['0xffffffff', '255.255.255.255'],
  ['[::1]', '[::1]'],
  ['[0:0:0:0:0:0:0:1]', '[::1]'],
  ['[::]', '[::]'],
  ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
  ['[2001:DB8::A]', '[2001:db8::a]'],
])('H12: canonicalHost(%j) is the address %s', (raw, host) => {
  expect(canonicalHost(raw)).toBe(host);
  expect(hostKind(host)).toBe(host.startsWith('[') ? 'ipv6' : 'ipv4');
});

test.each([
  '',
  '.',
  '..',
  '.ex.com',
  'ex..com',
  'ex.com..',
  'ex.com:443',
  'ex.com:',
  ':443',
  'ex.com:8443',
  '[::1]:443',
  '::1',
  '[::1',
  '::1]',
  '[]',
  '[::1%eth0]',
  '[::1%25eth0]',
  '[fe80::1%1]',
  '[127.0.0.1]',
  '[ex.com]',
  '[[::1]]',
  'user@ex.com',
  'ex.com@evil.com',
  'ex.com/',
  '/',
  '//evil',
  'ex.com?',
  'ex.com#',
  'ex.com\\',
  '\\evil',
  'ex%2ecom',
  '%65x.com',
  'ex_com.example',
  'ex.com,evil.com',
  'ex.com;x',
  'ex.com|x',
  '*.ex.com',
  '*',
  '-ex.com',
  'ex-.com',
  'a.-b.com',
  `${'a'.repeat(64)}.com`,
  `${'a.'.repeat(127)}com`,
  'a'.repeat(5000),
  '256.1.1.1',
  '1.2.3.4.5',
  '0x100000000',
  '4294967296',
  '1.2.3.256',
  '0x7g.1',
  '1..2',
  'ex.1',
  'ex.0x1',
  '09.1.1.1',
  '1.1.1.1:80',
  'xn--',
  'xn--a',
  'xn--99999999',
  'https://ex.com',
  'ex.com evil',
  ' ex.com',
  'ex.com ',
  "ex.com'",
  'ex.com"',
  'ex.com<',
  'ex.com`',
  'ex.com{',
  'ex.com^',
  'ex.com~',
  'ex.com!',
  'ex.com$',
  'ex.com&',
])('H11: canonicalHost(%j) is refused', (raw) => {
  expect(canonical(raw)).toBeUndefined();
});

test.each([
  ['full-width letters', 'ｅｘ.com'],
  ['a full-width dot', 'ex．com'],
  ['an ideographic dot', 'ex。com'],
  ['a half-width dot', 'ex｡com'],
  ['a compatibility letter', 'ⅇx.com'],
  ['the Kelvin sign', '\u212a.com'],
  ['the Angstrom sign', '\u212b.com'],
  ['a ligature', 'ﬁx.com'],
  ['a superscript', 'ex².com'],
  ['a circled letter', 'ⓔx.com'],
  ['a letter of mathematics', '𝐞x.com'],
  ['the long s', 'ſx.com'],
  ['a soft hyphen', 'e\u00adx.com'],
  ['a zero-width space', 'e\u200bx.com'],
  ['a zero-width joiner', 'e\u200dx.com'],
  ['a byte order mark', '\ufeffex.com'],
  ['a right-to-left override', 'ex\u202e.com'],
  ['a no-break space', 'ex\u00a0.com'],
  ['a line separator', 'ex\u2028.com'],
  ['a lone surrogate', 'ex\ud800.com'],
  ['an emoji', '😀.com'],
  ['a slash that is none', 'ex.com⁄evil'],
  ['a question mark that is none', 'ex.com？'],
  ['an at sign that is none', 'ex.com＠evil'],
  ['a colon that is none', 'ex.com：443'],
])('H11: canonicalHost() refuses %s', (_, raw) => {
  expect(canonical(raw)).toBeUndefined();
});

test('H13: canonicalHost() refuses every control byte and space, raw and percent-encoded, at every place', () => {
  const bytes = [...Array(0x21).keys(), 0x7f, ...Array.from({ length: 0x20 }, (_, i) => 0x80 + i)];
  for (const byte of bytes) {
    for (const text of [String.fromCharCode(byte), `%${byte.toString(16).padStart(2, '0')}`]) {
      for (const raw of [`${text}ex.com`, `ex${text}.com`, `ex.com${text}`, `ex.com${text}.evil.com`, text]) {
        expect(canonical(raw), JSON.stringify(raw)).toBeUndefined();
      }
    }
  }
});

/** Hosts that two parsers may read differently: each piece at the front, in the middle and at the end. */
function table(): string[] {
  const hosts = ['ex.com', 'jira.example.com', '127.0.0.1', '[::1]', 'xn--bcher-kva.example', 'localhost'];
  const pieces = [
    '',
    '.',
    '-',
    '_',
    ':',
    ':443',
    ':80',
    '@',
    '/',
    '\\',
    '?',
    '#',
    '%',
    '%2e',
    '%00',
    '\t',
    '\n',
    '\r',
    '\0',
    ' ',
    '+',
    '*',
    '!',
    '0',
    '00',
    '0x',
    '1',
    '.1',
    '[',
    ']',
    'é',
    '。',
    'ｅ',
    '\u00ad',
    '\u200d',
    '~',
    '&',
    ';',
    ',',
    '|',
    '..',
    '--',
    'xn--',
    'A',
    '.com',
  ];
  return hosts.flatMap((host) => {
    const middle = Math.floor(host.length / 2);
    return pieces.flatMap((piece) => [piece + host, host.slice(0, middle) + piece + host.slice(middle), host + piece]);
  });
}

test('H11: canonicalHost() agrees with the URL parser wherever it accepts, over 800 spellings', () => {
  const rows = [...new Set(table())];
  expect(rows.length).toBeGreaterThan(600);
  let accepted = 0;
  for (const raw of rows) {
    const host = canonical(raw);
    if (host === undefined) continue;
    accepted++;
    const url = new URL(`https://${raw}/path?query`);
    expect(url.hostname.replace(/\.$/, ''), JSON.stringify(raw)).toBe(host);
    expect([url.username, url.password, url.port, url.pathname, url.search, url.hash], JSON.stringify(raw))
      .toEqual(['', '', '', '/path', '?query', '']);
    expect(host).toMatch(/^[a-z0-9.:[\]-]+$/);
  }
  expect(accepted).toBeGreaterThan(30);
});

test('H11: canonicalHost() reads numeric hosts as the system resolver does', async ({ skip }) => {
  if (IS_DENO || process.platform !== 'linux') skip('asks the resolver of Linux, through Node');
  for (
    const raw of ['127.1', '0x7f.1', '2130706433', '017700000001', '0177.0.0.01', '127.0.1', '10.0x10.1', '0x7f000001']
  ) {
    expect((await lookup(raw, { family: 4 })).address, raw).toBe(canonicalHost(raw));
  }
});

test('canonicalHost() prints what it refuses without control characters', () => {
  expect(() => canonicalHost('\u001b[2Jex.com')).toThrow('"\\u001b[2Jex.com"');
  expect(() => canonicalHost('x '.repeat(10_000))).toThrow(/^.{1,400}$/);
});

test('hostKind() tells names from addresses', () => {
  expect(['ex.com', '1.2.3.4', '[::1]', '1.2.3.com', 'localhost'].map(hostKind)).toEqual([
    'name',
    'ipv4',
    'ipv6',
    'name',
    'name',
  ]);
});

test('isLoopbackHost() tells this machine from others', () => {
  for (const host of ['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
    expect([host, isLoopbackHost(host)]).toEqual([host, true]);
  }
  for (const host of ['localhost.example', 'example.com', '10.0.0.1', '[fd00::1]', '169.254.169.254']) {
    expect([host, isLoopbackHost(host)]).toEqual([host, false]);
  }
});
