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

/** Later than any run of the tests. */
export const FUTURE: string = 'Fri, 07 Aug 2099 08:04:19 GMT';
/** Earlier than any run of the tests. */
export const PAST: string = 'Sat, 07 Aug 1999 08:04:19 GMT';

/** A single line and what it becomes. */
export function line(set: string, sent: string, more: Partial<CookieCase> = {}): CookieCase {
  return { set: [set], sent, ...more };
}

/** A cookie set by one URL and asked for by another. */
export function scope(from: string, set: string, to: string, sent: string, more: Partial<CookieCase> = {}): CookieCase {
  return { set: [set], from, to, sent, ...more };
}

// The rules of RFC 6265bis that decide where implementations differ.
export const TAB: string = '§5.6 step 1 leaves tab out of the forbidden characters';
export const CONTROLS: string = '§5.6 step 1: a line with a control character is ignored as a whole';
export const SIZE: string = '§5.6 step 5: name and value have at most 4096 octets together';
export const ATTRIBUTE_SIZE: string = '§5.6 step 6: an attribute value of more than 1024 octets is ignored';
export const LAST_DOMAIN: string = '§5.7 step 8: the last Domain counts, an empty one too';
export const OWN_SUFFIX: string = '§5.7 step 9: a public suffix may set cookies for itself alone';
export const BRACKETS: string = '§5.1.2: the canonical host of an IPv6 URL has brackets';
export const ASCII_DOMAIN: string = '§5.7 step 8: a Domain beyond ASCII is refused';
export const LOOPBACK: string = '§5.7 step 12 lets the user agent say what is secure; for sig it is TLS alone';
export const NONE_SECURE: string = '§5.7 step 19: SameSite=None demands Secure';
export const PREFIX_CASE: string = '§5.7 steps 20 and 21: prefixes are matched in any case';
export const NAMELESS: string = '§5.7 step 22: a nameless cookie must not imitate a prefix';
export const CHIPS: string = 'CHIPS: Partitioned demands Secure';
export const AGE_SIGN: string = '§5.6.2: Max-Age begins with a digit or "-"';
export const VALID_COUNTS: string =
  '§5.6.1, §5.6.2: an invalid attribute is never appended, so the valid one before it counts';
export const YEAR: string = '§5.1.1: a year before 1601 is no date';
export const DATE_TAIL: string = '§5.1.1: a day or time may be followed by other letters';
export const KEEPS_AGE: string = '§5.7 step 23: a replaced cookie keeps its creation time';
export const HOST_ONLY_KEY: string = '§5.7 step 23: the host-only flag is part of what makes cookies the same';
export const NUL_HEAD: string = '§5.6 step 1 ignores the line; Chromium refuses the whole answer';
