/** One challenge of `WWW-Authenticate`. */
export interface Challenge {
  /** Authentication scheme in lower case, such as `dpop`. */
  readonly scheme: string;
  /** Parameters by their name in lower case; of two with one name, the first. */
  readonly params: ReadonlyMap<string, string>;
  /** What stands there instead of parameters, as in `Negotiate YII=`. */
  readonly token68?: string;
}

// More is not a challenge but an attempt to keep us busy.
const MAX_LENGTH = 8192;
const MAX_CHALLENGES = 16;
const MAX_PARAMS = 64;

const SEPARATORS = /[\s,]*/y;
const NAME = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)(?:"|$)/ys;
const PLAIN = /[^\s,"]*/y;

/**
 * Reads `WWW-Authenticate` (RFC 9110 §11.6.1), tolerantly: servers leave out commas between
 * parameters, and several fields or challenges may have been joined into one.
 *
 * @param field the field value, or `null` when there is none
 * @returns the challenges in their order; never an error
 *
 * @example
 * ```ts
 * parseChallenges('Bearer, DPoP realm="x" error="use_dpop_nonce", algs="ES256 EdDSA"')[1];
 * // { scheme: "dpop", params: Map { "realm" => "x", "error" => "use_dpop_nonce", "algs" => "ES256 EdDSA" } }
 * ```
 */
export function parseChallenges(field: string | null): Challenge[] {
  const text = (field ?? '').slice(0, MAX_LENGTH);
  const challenges: { scheme: string; params: Map<string, string>; token68?: string }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    take(SEPARATORS);
    if (at >= text.length) return challenges;
    const current = challenges.at(-1);
    const name = take(NAME)?.[0];
    if (name === undefined) {
      at++; // Not a place where anything may begin: skip what does not belong here.
      continue;
    }
    if (current && take(EQUALS)) {
      const value = take(QUOTED)?.[1]?.replace(/\\(.)/gs, '$1') ?? take(PLAIN)![0];
      const key = name.toLowerCase();
      if (!current.params.has(key) && current.params.size < MAX_PARAMS) current.params.set(key, value);
      continue;
    }
    if (challenges.length === MAX_CHALLENGES) return challenges;
    const next: (typeof challenges)[number] = { scheme: name.toLowerCase(), params: new Map() };
    challenges.push(next);
    if (/\s/.test(text[at] ?? '')) {
      take(/\s*/y);
      const token68 = take(TOKEN68)?.[0];
      if (token68 !== undefined) next.token68 = token68;
    }
  }
}
