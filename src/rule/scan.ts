import { SigError } from '../errors.ts';

/** Longest rule, in characters. */
export const MAX_RULE_LENGTH = 512;
/** How deep brackets, conditions and operators before a value may nest. */
export const MAX_RULE_DEPTH = 32;

const PLAIN = /[A-Za-z0-9_$. \t\r\n()[\]!=<>&|?:+\-*/%,]/;
// The escapes that jsep reads as JavaScript does.
const ESCAPES = '\\\'"nrtbfv/';

/**
 * Checks the characters of a rule before any parser sees it: its length, its depth, and that it
 * has nothing in it that the parser would read in another way than JavaScript does.
 *
 * @throws {SigError} E_RULE
 */
export function scanRule(text: string): void {
  if (text.length > MAX_RULE_LENGTH) {
    throw badRule(`it has ${text.length} characters, ${MAX_RULE_LENGTH} are allowed`);
  }
  if (text.trim() === '') throw badRule('it is empty');
  let depth = 0;
  let choices = 0;
  let prefixes = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"' || char === "'") {
      at = scanString(text, at);
      prefixes = 0;
      continue;
    }
    if (!PLAIN.test(char)) throw badRule(`unexpected ${JSON.stringify(char)}`, at);
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    else if (char === '?' && text[at + 1] !== '.') choices++;
    if (char === '!' || char === '-' || char === '+') prefixes++;
    else if (!/\s/.test(char)) prefixes = 0;
    if (depth + choices + prefixes > MAX_RULE_DEPTH) {
      throw badRule(`it nests more than ${MAX_RULE_DEPTH} deep`, at);
    }
  }
}

/**
 * The error for a rule that is not one.
 *
 * @param at where, counted from 0
 */
export function badRule(why: string, at?: number, hint?: string, cause?: unknown): SigError {
  const where = at === undefined ? '' : ` at character ${at + 1}`;
  return new SigError('E_RULE', `Cannot use validateRule: ${why}${where}`, {
    hint: hint ?? 'write a condition on res.status, res.headers and res.body, such as "res.status === 200"',
    cause,
  });
}

/** Where the string that begins at `start` ends. */
function scanString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === text[start]) return at;
    if (char === '\n' || char === '\r') break;
    if (char === '\\' && !ESCAPES.includes(text[++at] ?? 'x')) throw badRule('unknown escape', at - 1);
  }
  throw badRule('a string is not closed', start);
}
