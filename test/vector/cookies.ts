/**
 * Cases in the manner of the http-state suite: what a server answers, and the `Cookie` header of a
 * later request. Each states what RFC 6265bis decides; `tough` and `chromium` say where another
 * implementation answers differently and by which rule ours is the right one.
 *
 * Dates lie in 1999 or 2099, so that a case means the same under any clock.
 */
export interface CookieCase {
  /** Set-Cookie lines, in order. */
  readonly set: readonly string[];
  /** The `Cookie` header that follows, `''` for none. */
  readonly sent: string;
  /** Who answers; `https://www.example.com/dir/page?q=1` when absent. */
  readonly from?: string;
  /** Who is asked afterwards; the same as `from` when absent. */
  readonly to?: string;
  readonly tough?: Deviation;
  readonly chromium?: Deviation;
}

/** What another implementation sends instead, and the rule that decides. */
export interface Deviation {
  readonly sent: string;
  readonly rule: string;
}

const FUTURE = 'Fri, 07 Aug 2099 08:04:19 GMT';
const PAST = 'Sat, 07 Aug 1999 08:04:19 GMT';

const TAB = '§5.6 step 1 leaves tab out of the forbidden characters';
const CONTROLS = '§5.6 step 1: a line with a control character is ignored as a whole';
const SIZE = '§5.6 step 5: name and value have at most 4096 octets together';
const ATTRIBUTE_SIZE = '§5.6 step 6: an attribute value of more than 1024 octets is ignored';
const LAST_DOMAIN = '§5.7 step 8: the last Domain counts, an empty one too';
const OWN_SUFFIX = '§5.7 step 9: a public suffix may set cookies for itself alone';
const BRACKETS = '§5.1.2: the canonical host of an IPv6 URL has brackets';
const ASCII_DOMAIN = '§5.7 step 8: a Domain beyond ASCII is refused';
const LOOPBACK = '§5.7 step 12 lets the user agent say what is secure; for sig it is TLS alone';
const NONE_SECURE = '§5.7 step 19: SameSite=None demands Secure';
const PREFIX_CASE = '§5.7 steps 20 and 21: prefixes are matched in any case';
const NAMELESS = '§5.7 step 22: a nameless cookie must not imitate a prefix';
const CHIPS = 'CHIPS: Partitioned demands Secure';
const AGE_SIGN = '§5.6.2: Max-Age begins with a digit or "-"';
const VALID_COUNTS = '§5.6.1, §5.6.2: an invalid attribute is never appended, so the valid one before it counts';
const YEAR = '§5.1.1: a year before 1601 is no date';
const DATE_TAIL = '§5.1.1: a day or time may be followed by other letters';
const KEEPS_AGE = '§5.7 step 23: a replaced cookie keeps its creation time';
const HOST_ONLY_KEY = '§5.7 step 23: the host-only flag is part of what makes cookies the same';
const NUL_HEAD = '§5.6 step 1 ignores the line; Chromium refuses the whole answer';

/** A single line and what it becomes. */
function line(set: string, sent: string, more: Partial<CookieCase> = {}): CookieCase {
  return { set: [set], sent, ...more };
}

/** A cookie set by one URL and asked for by another. */
function scope(from: string, set: string, to: string, sent: string, more: Partial<CookieCase> = {}): CookieCase {
  return { set: [set], from, to, sent, ...more };
}

/** Names, values and the seams between them (§5.6 steps 1 to 5). */
export const PAIRS: readonly CookieCase[] = [
  line('a=b', 'a=b'),
  line('a=b; ', 'a=b'),
  line(' a=b', 'a=b'),
  line('a = b', 'a=b'),
  line('\ta\t=\tb\t', 'a=b'),
  line('a= b c ', 'a=b c'),
  line('a b=c', 'a b=c'),
  line('a=b=c', 'a=b=c'),
  line('a==b', 'a==b'),
  line('a=', 'a='),
  line('a =', 'a='),
  line('a="b"', 'a="b"'),
  line('a="b c"', 'a="b c"'),
  line('a="b;c"', 'a="b'),
  line('a="', 'a="'),
  line("a='b'", "a='b'"),
  line('a=b,c', 'a=b,c'),
  line('a=b, c=d', 'a=b, c=d'),
  line('a=b;c=d', 'a=b'),
  line('a=b;;;c=d;;', 'a=b'),
  line('a=%20%3B', 'a=%20%3B'),
  line('a=\\"b\\"', 'a=\\"b\\"'),
  line('a=b\tc', 'a=b\tc', { tough: { sent: '', rule: TAB }, chromium: { sent: '', rule: TAB } }),
  line('$a=b', '$a=b'),
  line('$Version=1', '$Version=1'),
  line('$Version=1; a=b', '$Version=1'),
  line('a[b]=c', 'a[b]=c'),
  line('a@b=c/d?e&f', 'a@b=c/d?e&f'),
  line('\u00c3\u00a9=\u00e2\u0082\u00ac', '\u00c3\u00a9=\u00e2\u0082\u00ac'),
  line('a=\u00ff\u0080', 'a=\u00ff\u0080'),
  line('Secure', 'Secure'),
  line('Path=/x', 'Path=/x'),
  line('domain=example.org', 'domain=example.org'),
  line('a', 'a'),
  line('=a', 'a'),
  line(' = a', 'a'),
  line('a;Path=/', 'a'),
  line('', ''),
  line('=', ''),
  line(' = ', ''),
  line(';', ''),
  line('; Path=/', ''),
  line(' ; Max-Age=10', ''),
  line('a=b\x00c', '', { tough: { sent: 'a=b', rule: CONTROLS } }),
  line('a\x00=b', '', { tough: { sent: 'a', rule: CONTROLS } }),
  line('a=b; Path=/\x00', ''),
  line('a=b\x01', ''),
  line('a=b\x08', ''),
  line('a=b\x0b', '', { tough: { sent: 'a=b', rule: CONTROLS } }),
  line('a=b\x0c', '', { tough: { sent: 'a=b', rule: CONTROLS } }),
  line('a=b\x1f', ''),
  line('a=b\x7f', '', { tough: { sent: 'a=b\x7f', rule: CONTROLS } }),
  line('a\x7fb=c', '', { tough: { sent: 'a\x7fb=c', rule: CONTROLS } }),
  line('a=b; x=\x1b[2J', '', { tough: { sent: 'a=b', rule: CONTROLS } }),
  line(`a=${'x'.repeat(4095)}`, `a=${'x'.repeat(4095)}`),
  line(`a=${'x'.repeat(4096)}`, '', { tough: { sent: `a=${'x'.repeat(4096)}`, rule: SIZE } }),
  line(`${'n'.repeat(4096)}=`, `${'n'.repeat(4096)}=`),
  line(`${'n'.repeat(4097)}=`, '', { tough: { sent: `${'n'.repeat(4097)}=`, rule: SIZE } }),
  line(`=${'x'.repeat(4096)}`, 'x'.repeat(4096)),
  line(`=${'x'.repeat(4097)}`, '', { tough: { sent: 'x'.repeat(4097), rule: SIZE } }),
  line(`a=b; unknown=${'x'.repeat(5000)}`, 'a=b'),
];

/** `Path` (§5.6.4, §5.1.4). */
export const PATHS: readonly CookieCase[] = [
  line('a=b; Path=/', 'a=b'),
  line('a=b; path=/dir', 'a=b'),
  line('a=b; PATH=/dir/', 'a=b'),
  line('a=b; Path=/dir/page', 'a=b'),
  line('a=b; Path=/dir/page/', ''),
  line('a=b; Path=/di', ''),
  line('a=b; Path=/other', ''),
  line('a=b; Path=/DIR', ''),
  line('a=b; Path', 'a=b'),
  line('a=b; Path=', 'a=b'),
  line('a=b; Path=dir', 'a=b'),
  line('a=b; Path="/other"', 'a=b'),
  line('a=b; Path= /dir ', 'a=b'),
  line('a=b; Path=/other; Path=/dir', 'a=b'),
  line('a=b; Path=/dir; Path=/other', ''),
  line('a=b; Path=/other; Path=', 'a=b'),
  line('a=b; Path=/dir?q', ''),
  line('a=b; Path=/dir/page?q=1', ''),
  line('a=b; Path=/%64ir', ''),
  line(`a=b; Path=/${'x'.repeat(1023)}`, ''),
  line(`a=b; Path=/${'x'.repeat(1024)}`, 'a=b', { tough: { sent: '', rule: ATTRIBUTE_SIZE } }),
  line(`a=b; Path=/dir; Path=/${'x'.repeat(1024)}`, 'a=b', { tough: { sent: '', rule: ATTRIBUTE_SIZE } }),
  scope('https://example.com/a/b', 'k=v', 'https://example.com/a/c', 'k=v'),
  scope('https://example.com/a/b', 'k=v', 'https://example.com/a', 'k=v'),
  scope('https://example.com/a/b', 'k=v', 'https://example.com/a/', 'k=v'),
  scope('https://example.com/a/b', 'k=v', 'https://example.com/ab', ''),
  scope('https://example.com/a/b', 'k=v', 'https://example.com/', ''),
  scope('https://example.com/a/b/', 'k=v', 'https://example.com/a/b', 'k=v'),
  scope('https://example.com/a/b/', 'k=v', 'https://example.com/a', ''),
  scope('https://example.com/a', 'k=v', 'https://example.com/b', 'k=v'),
  scope('https://example.com', 'k=v', 'https://example.com/x/y', 'k=v'),
  scope('https://example.com/a?x=/b/c', 'k=v', 'https://example.com/', 'k=v'),
  scope('https://example.com/a/b', 'k=v; Path=/a', 'https://example.com/a/b/c?d', 'k=v'),
  scope('https://example.com/a/b', 'k=v; Path=/a/', 'https://example.com/a', ''),
  scope('https://example.com/a/b', 'k=v; Path=/a', 'https://example.com/a?b', 'k=v'),
  scope('https://example.com/', 'k=v; Path=/admin', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Path=/admin', 'https://example.com/admin', 'k=v'),
  scope('https://example.com/', 'k=v; Path=/admin', 'https://example.com/administrator', ''),
  scope('https://example.com/', 'k=v; Path=/admin', 'https://example.com/admin/x', 'k=v'),
  scope('https://example.com/', 'k=v; Path=/admin', 'https://example.com/x/admin', ''),
  scope('https://example.com/', 'k=v; Path=/a/b/../c', 'https://example.com/a/c', ''),
];

/** `Domain` (§5.6.3, §5.7 steps 8 to 10) and where a cookie goes (§5.1.3). */
export const DOMAINS: readonly CookieCase[] = [
  scope('https://admin.example.com/', 'k=v', 'https://admin.example.com/', 'k=v'),
  scope('https://admin.example.com/', 'k=v', 'https://example.com/', ''),
  scope('https://admin.example.com/', 'k=v', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=example.com', 'https://example.com/', 'k=v'),
  scope('https://example.com/', 'k=v; Domain=example.com', 'https://www.example.com/', 'k=v'),
  scope('https://example.com/', 'k=v; Domain=.example.com', 'https://www.example.com/', 'k=v'),
  scope('https://example.com/', 'k=v; domain=EXAMPLE.Com', 'https://a.b.example.com/', 'k=v'),
  scope('https://a.example.com/', 'k=v; Domain=example.com', 'https://b.example.com/', 'k=v'),
  scope('https://a.example.com/', 'k=v; Domain=a.example.com', 'https://b.example.com/', ''),
  scope('https://a.example.com/', 'k=v; Domain=a.example.com', 'https://x.a.example.com/', 'k=v'),
  scope('https://a.example.com/', 'k=v; Domain=b.example.com', 'https://b.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=www.example.com', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=badexample.com', 'https://badexample.com/', ''),
  scope('https://badexample.com/', 'k=v; Domain=example.com', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=example.com', 'https://badexample.com/', ''),
  scope('https://example.com/', 'k=v; Domain=example.com', 'https://example.com.evil.test/', ''),
  scope('https://x.com/', 'k=v; Domain=x.com', 'https://twitter.com/', ''),
  scope('https://x.com/', 'k=v; Domain=twitter.com', 'https://twitter.com/', ''),
  scope('https://x.com/', 'k=v', 'https://twitter.com/', ''),
  scope('https://example.com/', 'k=v; Domain=', 'https://example.com/', 'k=v'),
  scope('https://example.com/', 'k=v; Domain=', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=.', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=..example.com', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=.example.com.', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=example.com.', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain="example.com"', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=*.example.com', 'https://www.example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=example.com:443', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=https://example.com', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=exam ple.com', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=example.com/', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=%65xample.com', 'https://example.com/', ''),
  scope('https://a.example.com/', 'k=v; Domain=b.test; Domain=example.com', 'https://example.com/', 'k=v'),
  scope('https://a.example.com/', 'k=v; Domain=example.com; Domain=b.test', 'https://a.example.com/', ''),
  scope('https://a.example.com/', 'k=v; Domain=example.com; Domain=', 'https://b.example.com/', '', {
    tough: { sent: 'k=v', rule: LAST_DOMAIN },
  }),
  scope('https://a.example.com/', `k=v; Domain=${'x'.repeat(1025)}`, 'https://a.example.com/', 'k=v', {
    tough: { sent: '', rule: ATTRIBUTE_SIZE },
  }),
  scope('https://example.com/', 'k=v; Domain=com', 'https://example.com/', ''),
  scope('https://example.com/', 'k=v; Domain=.com', 'https://other.com/', ''),
  scope('https://example.com/', 'k=v; Domain=COM', 'https://other.com/', ''),
  scope('https://shop.co.uk/', 'k=v; Domain=co.UK', 'https://bank.co.uk/', ''),
  scope('https://shop.co.uk/', 'k=v; Domain=.co.uk', 'https://shop.co.uk/', ''),
  scope('https://shop.co.uk/', 'k=v; Domain=shop.co.uk', 'https://www.shop.co.uk/', 'k=v'),
  scope('https://me.github.io/', 'k=v; Domain=github.io', 'https://you.github.io/', ''),
  scope('https://me.github.io/', 'k=v; Domain=me.github.io', 'https://x.me.github.io/', 'k=v'),
  scope('https://github.io/', 'k=v; Domain=github.io', 'https://github.io/', 'k=v', {
    tough: { sent: '', rule: OWN_SUFFIX },
  }),
  scope('https://github.io/', 'k=v; Domain=github.io', 'https://me.github.io/', ''),
  scope('https://a.b.kawasaki.jp/', 'k=v; Domain=b.kawasaki.jp', 'https://c.b.kawasaki.jp/', ''),
  scope('https://x.city.kawasaki.jp/', 'k=v; Domain=city.kawasaki.jp', 'https://y.city.kawasaki.jp/', 'k=v'),
  scope('https://xn--bcher-kva.example/', 'k=v; Domain=xn--bcher-kva.example', 'https://xn--bcher-kva.example/', 'k=v'),
  scope(
    'https://xn--bcher-kva.example/',
    'k=v; Domain=b\u00c3\u00bccher.example',
    'https://xn--bcher-kva.example/',
    '',
    { chromium: { sent: 'k=v', rule: ASCII_DOMAIN } },
  ),
  scope('https://127.0.0.1/', 'k=v', 'https://127.0.0.1/', 'k=v'),
  scope('https://127.0.0.1/', 'k=v; Domain=127.0.0.1', 'https://127.0.0.1/', 'k=v'),
  scope('https://127.0.0.1/', 'k=v; Domain=0.0.1', 'https://127.0.0.1/', ''),
  scope('https://127.0.0.1/', 'k=v; Domain=.0.1', 'https://127.0.0.1/', ''),
  scope('https://127.0.0.1/', 'k=v; Domain=1', 'https://127.0.0.1/', ''),
  scope('https://[::1]/', 'k=v', 'https://[::1]/', 'k=v'),
  scope('https://[::1]/', 'k=v; Domain=::1', 'https://[::1]/', '', { tough: { sent: 'k=v', rule: BRACKETS } }),
  scope('https://localhost/', 'k=v; Domain=localhost', 'https://localhost/', 'k=v'),
  scope('https://localhost/', 'k=v', 'https://localhost:8443/', 'k=v'),
  scope('https://a.localhost/', 'k=v; Domain=localhost', 'https://b.localhost/', ''),
  scope('https://host.internal/', 'k=v; Domain=internal', 'https://other.internal/', ''),
  scope('https://EXAMPLE.com/', 'k=v; Domain=example.com', 'https://www.example.com/', 'k=v'),
];

/** `Secure`, `HttpOnly`, `SameSite`, prefixes (§5.6.5 to §5.6.7, §5.7 steps 11 to 22). */
export const FLAGS: readonly CookieCase[] = [
  line('a=b; Secure', 'a=b'),
  line('a=b; secure=false', 'a=b'),
  line('a=b; SECURE ; HttpOnly', 'a=b'),
  line('a=b; HttpOnly=no', 'a=b'),
  scope('https://example.com/', 'a=b; Secure', 'http://example.com/', ''),
  scope('https://example.com/', 'a=b;Secure=', 'http://example.com/', ''),
  scope('https://example.com/', 'a=b; Secured', 'http://example.com/', 'a=b'),
  scope('https://example.com/', 'a=b; "Secure"', 'http://example.com/', 'a=b'),
  scope('http://example.com/', 'a=b; Secure', 'https://example.com/', ''),
  scope('http://example.com/', 'a=b', 'https://example.com/', 'a=b'),
  scope('http://127.0.0.1/', 'a=b; Secure', 'http://127.0.0.1/', '', {
    tough: { sent: 'a=b', rule: LOOPBACK },
    chromium: { sent: 'a=b', rule: LOOPBACK },
  }),
  line('a=b; SameSite=Strict', 'a=b'),
  line('a=b; SameSite=lax', 'a=b'),
  line('a=b; SameSite=None; Secure', 'a=b'),
  line('a=b; SameSite=None', '', { tough: { sent: 'a=b', rule: NONE_SECURE } }),
  line('a=b; samesite=NONE', '', { tough: { sent: 'a=b', rule: NONE_SECURE } }),
  line('a=b; SameSite=None; SameSite=Lax', 'a=b'),
  line('a=b; SameSite=Lax; SameSite=None', '', { tough: { sent: 'a=b', rule: NONE_SECURE } }),
  line('a=b; SameSite=bogus', 'a=b'),
  line('a=b; SameSite', 'a=b'),
  line('a=b; SameSite=None; SameSite=bogus', 'a=b'),
  line('__Secure-a=b; Secure', '__Secure-a=b'),
  line('__Secure-a=b', ''),
  line('__secure-a=b', '', { tough: { sent: '__secure-a=b', rule: PREFIX_CASE } }),
  line('__SECURE-a=b; Path=/', '', { tough: { sent: '__SECURE-a=b', rule: PREFIX_CASE } }),
  scope('http://example.com/', '__Secure-a=b; Secure', 'https://example.com/', ''),
  line('__Secure-a=b; Secure; Domain=example.com', '__Secure-a=b'),
  line('__Host-a=b; Secure; Path=/', '__Host-a=b'),
  line('__Host-a=b; Path=/', ''),
  line('__Host-a=b; Secure', ''),
  line('__host-a=b; Secure', '', { tough: { sent: '__host-a=b', rule: PREFIX_CASE } }),
  line('__Host-a=b; Secure; Path=/dir', ''),
  line('__Host-a=b; Secure; Path=', ''),
  line('__Host-a=b; Secure; Path=/; Domain=www.example.com', ''),
  line('__HOST-a=b; Secure; Path=/; Domain=example.com', '', { tough: { sent: '__HOST-a=b', rule: PREFIX_CASE } }),
  line('__Host-a=b; Secure; Path=/; Domain=', '__Host-a=b'),
  scope('https://example.com/', '__Host-a=b; Secure', 'https://example.com/', ''),
  line('=__Host-a=b; Secure; Path=/', '', { tough: { sent: '__Host-a=b', rule: NAMELESS } }),
  line('=__Secure-a=b; Secure', '', { tough: { sent: '__Secure-a=b', rule: NAMELESS } }),
  line('__Host-a; Secure; Path=/', '', { tough: { sent: '__Host-a', rule: NAMELESS } }),
  line('__Secure-', '', { tough: { sent: '__Secure-', rule: NAMELESS } }),
  line('=__HOST-x', '', { tough: { sent: '__HOST-x', rule: NAMELESS } }),
  line('__Hosta=b', '__Hosta=b'),
  line('a=b; Partitioned; Secure', 'a=b'),
  line('a=b; Partitioned; Secure; Path=/; SameSite=None', 'a=b'),
  line('a=b; Partitioned', '', { tough: { sent: 'a=b', rule: CHIPS } }),
];

/** `Max-Age` and `Expires` (§5.6.1, §5.6.2, §5.1.1). */
export const AGES: readonly CookieCase[] = [
  line('a=b; Max-Age=100', 'a=b'),
  line('a=b; max-age=1', 'a=b'),
  line('a=b; Max-Age=0', ''),
  line('a=b; Max-Age=-1', ''),
  line('a=b; Max-Age=-0', ''),
  line('a=b; Max-Age=', 'a=b'),
  line('a=b; Max-Age', 'a=b'),
  line('a=b; Max-Age=x', 'a=b'),
  line('a=b; Max-Age=0x', 'a=b'),
  line('a=b; Max-Age=1.5', 'a=b'),
  line('a=b; Max-Age=0.5', 'a=b'),
  line('a=b; Max-Age=+0', 'a=b', { chromium: { sent: '', rule: AGE_SIGN } }),
  line('a=b; Max-Age="0"', 'a=b'),
  line('a=b; Max-Age= 0 ', ''),
  line('a=b; Max-Age=00', ''),
  line(`a=b; Max-Age=${'9'.repeat(400)}`, 'a=b'),
  line(`a=b; Max-Age=-${'9'.repeat(400)}`, ''),
  line('a=b; Max-Age=0; Max-Age=100', 'a=b'),
  line('a=b; Max-Age=100; Max-Age=0', ''),
  line('a=b; Max-Age=0; Max-Age=x', '', { chromium: { sent: 'a=b', rule: VALID_COUNTS } }),
  line(`a=b; Expires=${FUTURE}`, 'a=b'),
  line(`a=b; expires=${PAST}`, ''),
  line(`a=b; Expires=${PAST}; Max-Age=100`, 'a=b'),
  line(`a=b; Max-Age=100; Expires=${PAST}`, 'a=b'),
  line(`a=b; Expires=${FUTURE}; Max-Age=0`, ''),
  line(`a=b; Expires=${PAST}; Expires=${FUTURE}`, 'a=b'),
  line(`a=b; Expires=${FUTURE}; Expires=${PAST}`, ''),
  line(`a=b; Expires=${PAST}; Expires=never`, '', { chromium: { sent: 'a=b', rule: VALID_COUNTS } }),
  line('a=b; Expires=', 'a=b'),
  line('a=b; Expires', 'a=b'),
  line('a=b; Expires=0', 'a=b'),
  line('a=b; Expires=never', 'a=b'),
  line('a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT', ''),
  line('a=b; Expires=Thu, 01-Jan-1970 00:00:01 GMT', ''),
  line('a=b; Expires=Saturday, 07-Aug-99 08:04:19 GMT', ''),
  line('a=b; Expires=Sat Aug  7 08:04:19 1999', ''),
  line('a=b; Expires="Sat, 07 Aug 1999 08:04:19 GMT"', ''),
  line('a=b; Expires=07 Aug 1999 08:04:19 XYZ', ''),
  line('a=b; Expires=1999 7 August 8:4:9', ''),
  line('a=b; Expires=08:04:19 1999-Aug-07', ''),
  line('a=b; Expires=Sat, 07 Aug 1999 08:04:19 +0000', ''),
  line('a=b; Expires=Sat, 32 Aug 1999 08:04:19 GMT', 'a=b'),
  line('a=b; Expires=Wed, 31 Feb 1999 08:04:19 GMT', 'a=b'),
  line('a=b; Expires=Sat, 07 Aug 1999 24:04:19 GMT', 'a=b'),
  line('a=b; Expires=Sat, 07 Aug 1999 08:60:19 GMT', 'a=b'),
  line('a=b; Expires=Sat, 07 Aug 1999 08:04:60 GMT', 'a=b'),
  line('a=b; Expires=Sat, 07 Aug 1999 08:04 GMT', 'a=b'),
  line('a=b; Expires=Sat, 07 Aug 1999', 'a=b'),
  line('a=b; Expires=07 Aug 99 08:04:19', ''),
  line('a=b; Expires=07 Aug 70 08:04:19', ''),
  line('a=b; Expires=07 Aug 00 08:04:19', ''),
  line('a=b; Expires=07 Aug 69 08:04:19', 'a=b'),
  line('a=b; Expires=07 Aug 1600 08:04:19', 'a=b', { chromium: { sent: '', rule: YEAR } }),
  line('a=b; Expires=07 Aug 1601 08:04:19', ''),
  line('a=b; Expires=07 Aug 9999 08:04:19', 'a=b'),
  line('a=b; Expires=07 Augustus 1999 08:04:19', ''),
  line('a=b; Expires=07 aUG 1999 08:04:19', ''),
  line('a=b; Expires=07th Aug 1999 08:04:19pm', '', { chromium: { sent: 'a=b', rule: DATE_TAIL } }),
  line('a=b; Expires=07 Au 1999 08:04:19', 'a=b'),
  line('a=b; Expires=1999-08-07T08:04:19Z', 'a=b'),
  line('a=b; Expires=933926659', 'a=b'),
  line('a=b; Expires=Tue, 29 Feb 2000 00:00:00 GMT', ''),
  line('a=b; Expires=Mon, 29 Feb 1999 00:00:00 GMT', 'a=b'),
];

/** Several cookies in one jar (§5.7 step 23, §5.8.3). */
export const JARS: readonly CookieCase[] = [
  { set: ['a=1', 'b=2'], sent: 'a=1; b=2' },
  { set: ['b=1', 'a=2'], sent: 'b=1; a=2' },
  { set: ['a=1', 'a=2'], sent: 'a=2' },
  { set: ['a=1', 'b=2', 'a=3'], sent: 'a=3; b=2', chromium: { sent: 'b=2; a=3', rule: KEEPS_AGE } },
  { set: ['a=1', 'A=2'], sent: 'a=1; A=2' },
  { set: ['a=1', 'a=2; Max-Age=0'], sent: '' },
  { set: ['a=1', 'b=2', `a=; Expires=${PAST}`], sent: 'b=2' },
  { set: ['a=1; Path=/dir', 'a=; Path=/; Max-Age=0'], sent: 'a=1' },
  { set: ['a=1; Domain=example.com', 'a=; Max-Age=0'], sent: 'a=1' },
  { set: ['a=1', 'a=; Domain=www.example.com; Max-Age=0'], sent: 'a=1', tough: { sent: '', rule: HOST_ONLY_KEY } },
  { set: ['a=1; Path=/', 'b=2; Path=/dir'], sent: 'b=2; a=1' },
  { set: ['a=1; Path=/', 'a=2; Path=/dir', 'a=3; Path=/dir/page'], sent: 'a=3; a=2; a=1' },
  { set: ['a=1; Path=/dir', 'b=2; Path=/dir/'], sent: 'b=2; a=1' },
  { set: ['a=1; Domain=example.com', 'a=2; Domain=www.example.com'], sent: 'a=1; a=2' },
  { set: ['a=1; Secure', 'a=2'], sent: 'a=2' },
  { set: ['a=1; HttpOnly', 'a=2'], sent: 'a=2' },
  { set: ['a=1', '=2'], sent: 'a=1; 2' },
  { set: ['=1', '=2'], sent: '2' },
  { set: ['1', '=2', 'x'], sent: 'x' },
  {
    set: ['a=1', 'a=2\x00'],
    sent: 'a=1',
    tough: { sent: 'a=2', rule: CONTROLS },
    chromium: { sent: '', rule: NUL_HEAD },
  },
  { set: ['a=1', 'a=2; Domain=other.test'], sent: 'a=1' },
  { set: ['a=1; Max-Age=100', 'a=2'], sent: 'a=2' },
];

/** All of them. */
export const COOKIE_CASES: readonly CookieCase[] = [...PAIRS, ...PATHS, ...DOMAINS, ...FLAGS, ...AGES, ...JARS];
