import { SigError } from '../errors.ts';

/**
 * Parses JSON that somebody else wrote, and refuses what two parsers could read differently: a key
 * that stands twice in one object, and half a surrogate pair.
 *
 * @param what whose text it is, for messages
 * @throws {SigError} E_MANIFEST
 */
export function parseStrictJson(text: string, what: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes the text.
    throw new SigError('E_MANIFEST', `${what} is not JSON`, { cause });
  }
  requireUnambiguous(text, what);
  return value;
}

/** A string, a bracket or a comma of a text that is known to be JSON; the rest tells nothing. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

function requireUnambiguous(text: string, what: string): void {
  // One entry for each open bracket: the keys of an object, `undefined` for an array.
  const open: (Set<string> | undefined)[] = [];
  let last: string | undefined;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') addKey(open.at(-1)!, last!, what);
    else if (token !== ',') {
      last = JSON.parse(token) as string;
      if (/\p{Surrogate}/u.test(last)) {
        throw new SigError('E_MANIFEST', `${what} has half a surrogate pair in a string`);
      }
    }
  }
}

function addKey(keys: Set<string>, key: string, what: string): void {
  if (keys.has(key)) throw new SigError('E_MANIFEST', `${what} has the key ${JSON.stringify(key.slice(0, 64))} twice`);
  keys.add(key);
}
