import type { Credential } from '../credential/credential.ts';
import type { Provider } from '../provider/provider.ts';
import { bindingOf } from '../provider/binding.ts';
import { matchDomain } from '../target/domain.ts';
import { parseUrl } from '../target/target.ts';
import type { Extraction } from './extract.ts';
import type { OAuth2Ports } from './oauth2.ts';
import { type Probed, validateCredential } from './validate.ts';

/** What was decided, and about what. */
export type Verdict = Pick<Probed, 'valid' | 'credential'>;

/** Decides whether what a browser holds is a real login. Cookies that everybody gets are none. */
export interface Judge {
  /**
   * @param hasSigns whether something was seen that only a sign-in does
   * @returns `unknown` when nobody but the person can tell; the candidate as the site's answers left it
   */
  judge(candidate: Credential, extraction: Extraction, hasSigns: boolean): Promise<Verdict>;
}

/**
 * Creates the judge of one login. What it goes by, the first that says something:
 *
 * 1. the provider's `validateUrl`, with the candidate;
 * 2. values out of storage that were not there before a sign-in was seen: sites give tokens to
 *    guests too;
 * 3. the page where the login begins, asked with the candidate and without: when it sends strangers
 *    away and lets the candidate in, that is a login.
 *
 * @param before what the browser held when it was opened
 * @param old the login that is replaced
 */
export function createJudge(
  provider: Provider,
  entryUrl: string,
  before: Extraction,
  old: Credential | undefined,
  ports: OAuth2Ports,
): Judge {
  let strangers: Promise<Probed> | undefined;
  return {
    async judge(candidate, extraction, hasSigns) {
      if (provider.config.validateUrl !== undefined) {
        return await validateCredential(provider, candidate, ports);
      }
      if (hasSigns && hasNewValues(provider, extraction, before, old, ports.clock.now() / 1000)) {
        return { valid: 'yes', credential: candidate };
      }
      if (!isOwnPage(provider, entryUrl)) return { valid: 'unknown', credential: candidate };
      const entry: Provider = { ...provider, config: entryConfig(provider, entryUrl) };
      strangers ??= validateCredential({ ...entry, apply: [] }, strangerTo(provider), ports);
      const without = await strangers;
      if (without.valid === 'unknown') strangers = undefined;
      const { valid, seen, credential } = await validateCredential(entry, candidate, ports);
      // A site that answers 403 to all programs says nothing about the login.
      const isWall = seen === 'status 403' && without.seen === 'status 403';
      if (valid === 'no') return { valid: isWall ? 'unknown' : 'no', credential };
      return { valid: valid === 'yes' && without.valid === 'no' ? 'yes' : 'unknown', credential };
    },
  };
}

/** Whether a provider takes values from storage, and all of them are new and not over. */
function hasNewValues(
  provider: Provider,
  extraction: Extraction,
  before: Extraction,
  old: Credential | undefined,
  nowSec: number,
): boolean {
  const rules = provider.extract.filter(({ from }) => from === 'localStorage' || from === 'sessionStorage');
  const isNew = ({ as }: { as: string }): boolean => {
    const value = extraction.values[as]?.reveal();
    return value !== undefined && value !== before.values[as]?.reveal() && value !== old?.values[as]?.reveal();
  };
  return rules.length > 0 && rules.every(isNew) && (extraction.valuesExpireAtSec ?? Infinity) > nowSec;
}

/** A login may begin on another host than those that get the credential; that one gets none. */
function isOwnPage(provider: Provider, entryUrl: string): boolean {
  const { target } = parseUrl(entryUrl);
  return provider.domains.some((domain) => matchDomain(domain, target));
}

function entryConfig(provider: Provider, entryUrl: string): Provider['config'] {
  const { validateRule: _rule, ...config } = provider.config;
  return { ...config, validateUrl: entryUrl };
}

/** Nobody's credential. */
function strangerTo(provider: Provider): Credential {
  return { provider: provider.id, strategy: 'browser', obtainedAtSec: 0, values: {}, binding: bindingOf(provider) };
}
