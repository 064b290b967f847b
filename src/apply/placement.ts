import type { Credential } from '../credential/credential.ts';
import type { Cookie } from '../credential/cookie.ts';
import { SigError } from '../errors.ts';
import type { CompiledApply, Provider } from '../provider/provider.ts';
import type { RequestHead } from '../target/head.ts';
import { renderTemplate, requireFieldValue } from './render.ts';

/** One value that goes to one place of a request. */
export interface Placement {
  readonly provider: string;
  readonly in: 'header' | 'query' | 'body';
  readonly name: string;
  readonly action: 'set' | 'append' | 'remove';
  /** Rendered; empty for `remove`. */
  readonly value: string;
}

/** Chooses and writes cookies; the jar's own functions, handed in because they are a sibling's. */
export interface CookieRules {
  cookiesFor(cookies: readonly Cookie[], target: RequestHead['target'], path: string, nowSec: number): Cookie[];
  formatCookieHeader(cookies: readonly Cookie[]): string;
}

/**
 * What a provider's rules and credential put into a request, for this very URL.
 *
 * @throws {SigError} E_MISSING_VALUE, E_BAD_CREDENTIAL_VALUE
 */
export function renderPlacements(
  provider: Provider,
  credential: Credential,
  head: RequestHead,
  nowSec: number,
  cookieRules: CookieRules,
): Placement[] {
  return provider.apply.flatMap((rule) => {
    const action = rule.action ?? 'set';
    const place = { provider: provider.id, in: rule.in, name: rule.name, action };
    if (action === 'remove') return [{ ...place, value: '' }];
    const lookUp = (key: string) => valueOf(key, rule, provider, credential, head, nowSec, cookieRules);
    const rendered = renderTemplate(rule.template, lookUp, provider.id);
    return [{ ...place, value: rule.in === 'header' ? requireFieldValue(rendered, rule.name, provider.id) : rendered }];
  });
}

/**
 * Brings the placements of several providers together: cookies join in one header, two equal
 * values are one, two different values for anything else are an error.
 *
 * @throws {SigError} E_CONFLICT
 */
export function mergePlacements(all: readonly Placement[]): Placement[] {
  const merged = new Map<string, Placement>();
  for (const placement of all) {
    const key = `${placement.in} ${placement.in === 'header' ? placement.name.toLowerCase() : placement.name}`;
    const other = merged.get(key);
    if (!other || (other.value === placement.value && other.action === placement.action)) {
      merged.set(key, other ?? placement);
    } else if (other.provider === placement.provider && placement.action === 'append') {
      merged.set(key, { ...other, value: join(placement.name, other.value, placement.value) });
    } else if (
      placement.in === 'header' && placement.name.toLowerCase() === 'cookie' && other.action === placement.action
    ) {
      merged.set(key, { ...other, value: join('cookie', other.value, placement.value) });
    } else {
      throw new SigError(
        'E_CONFLICT',
        `Providers "${other.provider}" and "${placement.provider}" both set ${placement.in} "${placement.name}"`,
        { hint: 'name one of them, or give them different places in "apply"' },
      );
    }
  }
  return [...merged.values()];
}

/** Joins two values of one header: cookies with `; `, anything else as a list (RFC 9110 §5.3). */
export function join(name: string, first: string, second: string): string {
  if (first === '' || second === '') return first + second;
  return `${first}${name.toLowerCase() === 'cookie' ? '; ' : ', '}${second}`;
}

function valueOf(
  key: string,
  rule: CompiledApply,
  provider: Provider,
  credential: Credential,
  head: RequestHead,
  nowSec: number,
  cookieRules: CookieRules,
): string | undefined {
  const source = provider.extract.find((extract) => extract.as === key);
  if (source?.from !== 'cookies' || credential.cookies === undefined) return credential.values[key]?.reveal();
  const pattern = source.match ?? '*';
  const chosen = cookieRules
    .cookiesFor(credential.cookies.reveal(), head.target, head.path, nowSec)
    .filter((cookie) => globMatches(pattern, cookie.name));
  if (chosen.length === 0) return undefined;
  // In a Cookie header a cookie is a pair; copied elsewhere (CSRF headers) it is its value alone.
  const isPair = rule.in === 'header' && rule.name.toLowerCase() === 'cookie';
  return isPair || pattern.includes('*') ? cookieRules.formatCookieHeader(chosen) : chosen[0]!.value;
}

/** Whether a name fits a glob in which `*` is any text. */
export function globMatches(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === name;
  const last = pieces.pop()!;
  const first = pieces.shift()!;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const next = name.indexOf(piece, at);
    if (next < 0) return false;
    at = next + piece.length;
  }
  return at <= name.length - last.length;
}
