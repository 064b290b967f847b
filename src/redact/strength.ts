import { decodePercent, type SecretText } from './value.ts';

/** A value that is too short or too plain to be looked for in any text: it would turn up by chance. */
export type Weakness = 'short' | 'plain';

/** Shorter values are never looked for in a body. */
export const MIN_LENGTH = 8;
/** A single word or number is looked for from this length on. */
const MIN_WORD_LENGTH = 12;
const MIN_DISTINCT = 5;
const WORD = /^(?:[A-Za-z]+|[0-9]+)$/;
/** Language, host, date, flag: what a site keeps in cookies that are no secret. */
const PLAIN_TOKEN = /^(?:(?:[A-Z]?[a-z]{2,}){1,4}|[A-Z]{1,5}|[a-z]{1,2}[0-9]{0,3}|[A-Za-z]|[0-9]{1,4})$/;
const MAX_PLAIN_TOKEN = 15;

/**
 * Why a value must not be looked for in bodies, if so. A person or an issuer chose passwords and
 * tokens to be secret, so only what is short or a single word counts; cookies are taken wholesale,
 * and one made of words, short numbers and punctuation (`America/New_York`) is not a session.
 */
export function weaknessOf({ text, kind }: SecretText): Weakness | undefined {
  if (text.length < MIN_LENGTH) return 'short';
  if (new Set(text).size < MIN_DISTINCT) return 'plain';
  if (WORD.test(text) && text.length < MIN_WORD_LENGTH) return 'plain';
  if (kind === 'cookie' && (decodePercent(text) ?? text).split(/[^A-Za-z0-9]+/).every(isPlainToken)) return 'plain';
  return undefined;
}

function isPlainToken(token: string): boolean {
  return token === '' || (token.length <= MAX_PLAIN_TOKEN && PLAIN_TOKEN.test(token));
}
