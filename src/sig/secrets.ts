import { createMatcher, type Matcher } from '../redact/matcher.ts';
import { createNeedles, type SecretValue } from '../redact/needles.ts';
import { Secret } from '../secret.ts';
import type { Credential } from '../credential/credential.ts';
import type { Authorization } from './authorize.ts';

/** All of a login that must not come back in an answer: stored values, cookies, OAuth tokens and secrets. */
export function secretsOfCredential(credential: Credential): SecretValue[] {
  const { provider, values, cookies, oauth2 } = credential;
  const secrets: SecretValue[] = Object.values(values).map((value) => ({ provider, kind: 'value', value }));
  for (const { name, value } of cookies?.reveal() ?? []) {
    secrets.push({ provider, kind: 'cookie', name, value: new Secret(value) });
  }
  for (const value of [oauth2?.refreshToken, oauth2?.clientSecret]) {
    if (value) secrets.push({ provider, kind: 'value', value });
  }
  return secrets;
}

/** What a request's answer must not show: what was placed as it was rendered, and the logins behind it. */
export function secretsOfAuthorization({ placements, credentials }: Authorization): SecretValue[] {
  return [
    ...placements.filter((placement) => placement.action !== 'remove').map((
      { provider, in: where, name, value },
    ): SecretValue => ({
      provider,
      kind: where === 'header' ? 'header' : 'value',
      name,
      value: new Secret(value),
    })),
    ...credentials.flatMap(secretsOfCredential),
  ];
}

/** How many matchers are kept. Each serves all requests that carry the same values. */
const MAX_MATCHERS = 64;

/**
 * Makes matchers, and gives out the same one for the same secrets: making one takes longer than a request.
 *
 * @param onMark see `Matcher`
 */
export function createMatcherCache(onMark?: Matcher['onMark']): (authorizations: readonly Authorization[]) => Matcher {
  const matchers = new Map<string, Matcher>();
  /** The same by the placements themselves, where a login places the same in every request. */
  const byPlacements = new WeakMap<Authorization['placements'], Matcher>();

  function matcherFor(secrets: readonly SecretValue[]): Matcher {
    const key = JSON.stringify(
      secrets.map(({ provider, kind, name, value }) => [provider, kind, name, value.reveal()]),
    );
    let matcher = matchers.get(key);
    if (matcher) matchers.delete(key);
    else matcher = createMatcher(createNeedles(secrets), onMark);
    matchers.set(key, matcher);
    if (matchers.size > MAX_MATCHERS) matchers.delete(matchers.keys().next().value!);
    return matcher;
  }

  return (authorizations) => {
    if (authorizations.length !== 1) return matcherFor(authorizations.flatMap(secretsOfAuthorization));
    const [only] = authorizations;
    let matcher = byPlacements.get(only!.placements);
    if (!matcher) byPlacements.set(only!.placements, matcher = matcherFor(secretsOfAuthorization(only!)));
    return matcher;
  };
}
