import { hasValues, isExpired } from '../credential/credential.ts';
import type { Credential } from '../credential/credential.ts';
import { valueFor } from '../credential/value_for.ts';
import { isSigError } from '../errors.ts';
import { bindingOf, widenings } from '../provider/binding.ts';
import type { ProviderSet } from '../provider/find.ts';
import { type Provider, signatureFields } from '../provider/provider.ts';
import { templateKeys } from '../provider/template.ts';
import { formatDomain, matchDomain } from '../target/domain.ts';
import type { RequestHead } from '../target/head.ts';
import { originOf } from '../target/target.ts';
import { chooseProviders } from './choose.ts';

/** Why a request would be authenticated, or would not. Names only, never values. */
export interface Explanation {
  readonly method: string;
  /** Canonical origin and path. */
  readonly target: string;
  /** What would happen. */
  readonly decision: 'inject' | 'refuse' | 'login';
  readonly provider?: string;
  /** The `domains` entry that matched. */
  readonly domain?: string;
  /** State of the credential. */
  readonly credential?: 'valid' | 'expired' | 'missing' | 'logged out' | 'unreadable';
  readonly expiresAt?: string;
  /** What would be added, such as `header Authorization`. */
  readonly adds: readonly string[];
  /** Rules that have no value for this URL, such as a cookie of another path. */
  readonly lacks: readonly string[];
  /** Error code when refused. */
  readonly code?: string;
  readonly reason: string;
  readonly hint?: string;
}

/**
 * Explains what {@link Sig.request} would do, without doing it: nothing is renewed and nothing sent.
 *
 * @param open answers with a provider's stored credential
 */
export async function explainRequest(
  set: ProviderSet,
  head: RequestHead,
  open: (providerId: string) => Promise<Credential | undefined>,
  nowSec: number,
): Promise<Explanation> {
  const about = { method: head.method, target: originOf(head.target) + head.path.split('?', 1)[0] };
  let provider: Provider;
  try {
    provider = chooseProviders(set, head)[0]!;
  } catch (error) {
    if (!isSigError(error)) throw error;
    return { ...about, decision: 'refuse', adds: [], lacks: [], ...refusal(error) };
  }
  const domain = formatDomain(provider.domains.find((pattern) => matchDomain(pattern, head.target))!);
  const rules = { provider: provider.id, domain };
  let credential: Credential | undefined;
  try {
    credential = await open(provider.id);
  } catch (error) {
    if (!isSigError(error)) throw error;
    return { ...about, ...rules, decision: 'refuse', credential: 'unreadable', adds: [], lacks: [], ...refusal(error) };
  }
  if (credential === undefined || !hasValues(credential)) {
    const state = credential === undefined ? 'missing' : 'logged out';
    return {
      ...about,
      ...rules,
      decision: 'login',
      credential: state,
      adds: [],
      lacks: [],
      reason: `domain "${domain}" belongs to "${provider.id}", whose credential is ${state}`,
      hint: `sig login ${provider.id}`,
    };
  }
  const wider = widenings(credential.binding, bindingOf(provider));
  if (wider.length > 0) {
    return {
      ...about,
      ...rules,
      decision: 'refuse',
      adds: [],
      lacks: [],
      code: 'E_POLICY_CHANGED',
      reason: `config allows more than the login was made for: ${wider.join(', ')}`,
      hint: `sig config approve ${provider.id}`,
    };
  }
  const known = credential;
  const hasValue = (rule: Provider['apply'][number]) =>
    templateKeys(rule.template).every((key) =>
      valueFor(known, provider.extract, key, rule, head, nowSec) !== undefined
    );
  const name = (rule: Provider['apply'][number]) => `${rule.in} ${rule.name}`;
  const lacks = provider.apply.filter((rule) => !hasValue(rule)).map(name);
  const state = isExpired(credential, nowSec) ? 'expired' : 'valid';
  return {
    ...about,
    ...rules,
    decision: lacks.length > 0 ? 'login' : 'inject',
    credential: state,
    ...(credential.expiresAtSec === undefined
      ? {}
      : { expiresAt: new Date(credential.expiresAtSec * 1000).toISOString() }),
    adds: [
      ...provider.apply.filter(hasValue).map(name),
      ...signatureFields(provider).map((field) => `header ${field}`),
    ],
    lacks,
    reason: lacks.length > 0
      ? `the credential of "${provider.id}" has no value for ${lacks.join(', ')} at this URL`
      : `domain "${domain}" belongs to "${provider.id}"${
        state === 'expired' ? ', whose credential is renewed first' : ''
      }`,
    ...(lacks.length > 0 ? { hint: `sig login ${provider.id}` } : {}),
  };
}

function refusal(error: { code: string; message: string; hint: string | undefined }) {
  return { code: error.code, reason: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}
