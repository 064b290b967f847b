/**
 * The limits that a text must keep before it is composed into a tree (security case C4). The
 * composer recurses, the tokenizer does not: so depth and aliases are counted on its tokens.
 *
 * @module
 */

import { type CST, Lexer, Parser } from 'yaml';
import { encodeUtf8 } from '../encoding/bytes.ts';

/** 1 MiB: a hundred times the largest configuration that anybody would write. */
export const MAX_BYTES: number = 1024 * 1024;
/** Collections within collections, flow and block alike. */
export const MAX_DEPTH = 64;
/** Aliases (`*name`) in one text. */
export const MAX_ALIASES = 100;
/** Pieces of syntax. A megabyte that a person writes has fewer; one made of commas has more. */
export const MAX_LEXEMES = 350_000;
/** The tokenizer's own errors; one is reported, and each costs time. */
const MAX_ERRORS = 100;

/** Something wrong at a place of the text. */
export interface Problem {
  /** UTF-16 code units from the beginning of the text. */
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

// What the lexer sends before the text of a scalar, so that a `*` in it is no alias.
const SCALAR_FOLLOWS = '\x1f';

/**
 * Splits a YAML text into the tokens of the `yaml` package, within the limits.
 *
 * @returns the tokens, or the one limit that the text breaks
 */
export function tokenize(text: string): { readonly tokens: CST.Token[] } | { readonly problem: Problem } {
  if (text.length > MAX_BYTES || encodeUtf8(text).length > MAX_BYTES) {
    return { problem: { offset: 0, message: 'the file is larger than 1 MiB' } };
  }
  const tokens: CST.Token[] = [];
  const parser = new Parser();
  const stop = (message: string) => ({ problem: { offset: parser.offset, message } });
  let lexemes = 0;
  let aliases = 0;
  let errors = 0;
  let isScalarText = false;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
      if (token.type === 'error') errors++;
    }
    if (++lexemes > MAX_LEXEMES) return stop('the file has too many values');
    if (errors > MAX_ERRORS) return stop('this is not YAML');
    if (!isScalarText && lexeme.startsWith('*') && ++aliases > MAX_ALIASES) {
      return stop(`more than ${MAX_ALIASES} aliases`);
    }
    isScalarText = lexeme === SCALAR_FOLLOWS;
    if (depthOf(parser.stack) > MAX_DEPTH) return stop(`nested deeper than ${MAX_DEPTH} levels`);
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

/** How many collections are open: the document and a scalar on top are none. */
function depthOf(stack: readonly CST.Token[]): number {
  // The stack is never shorter than the depth, so the costly look is for the rare deep text.
  if (stack.length <= MAX_DEPTH) return 0;
  return stack.filter((token) => 'items' in token).length;
}
