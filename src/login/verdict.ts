import { cookiesFor } from '../credential/cookie.ts';
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
   * @param shown origin of the tab
   * @returns `unknown` when nobody but the person can tell; the candidate as the site's answers left it
   */
  judge(candidate: Credential, extraction: Extraction, hasSigns: boolean, shown: string): Promise<Verdict>;
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
  const strangers = new Map<string, Probed>();
  const probeStranger = async (page: Provider): Promise<Probed> => {
    const url = page.config.validateUrl!;
    const known = strangers.get(url);
    if (known) return known;
    const probed = await validateCredential({ ...page, apply: [] }, strangerTo(provider), ports);
    if (probed.valid !== 'unknown') strangers.set(url, probed);
    return probed;
  };
  return {
    async judge(candidate, extraction, hasSigns, shown) {
      if (provider.config.validateUrl !== undefined) return await validateCredential(provider, candidate, ports);
      if (hasSigns && hasNewValues(provider, extraction, before, old, ports.clock.now() / 1000)) {
        return { valid: 'yes', credential: candidate };
      }
      const url = probeUrl(provider, entryUrl, shown, extraction, ports.clock.now() / 1000);
      if (url === undefined) return { valid: 'unknown', credential: candidate };
      const page: Provider = { ...provider, config: withProbe(provider, url) };
      const [without, { valid, seen, credential }] = await Promise.all([
        probeStranger(page),
        validateCredential(page, candidate, ports),
      ]);
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

/**
 * The page to ask: where the login begins, or the front page of the host on which it ended, as when
 * `example.com` leads to `www.example.com`. None when no host of the provider is among them, since
 * others get no credential.
 */
function probeUrl(
  provider: Provider,
  entryUrl: string,
  shown: string,
  extraction: Extraction,
  nowSec: number,
): string | undefined {
  const own = [entryUrl, `${shown}/`].filter((url) => {
    const { target } = parseUrl(url);
    return provider.domains.some((domain) => matchDomain(domain, target));
  });
  const hasCookies = (url: string): boolean => {
    const { target, path } = parseUrl(url);
    return cookiesFor(extraction.cookies, target, path, nowSec).length > 0;
  };
  return own.find(hasCookies) ?? own[0];
}

function withProbe(provider: Provider, url: string): Provider['config'] {
  const { validateRule: _rule, ...config } = provider.config;
  return { ...config, validateUrl: url };
}

/** Nobody's credential. */
function strangerTo(provider: Provider): Credential {
  return { provider: provider.id, strategy: 'browser', obtainedAtSec: 0, values: {}, binding: bindingOf(provider) };
}
