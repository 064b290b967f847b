import { isSigError, SigError } from '../errors.ts';
import type { Provider } from '../provider/provider.ts';
import { type Environment, readSetting } from '../provider/settings.ts';
import { formatDomain, matchDomain } from '../target/domain.ts';
import { originOf, parseUrl, type Target } from '../target/target.ts';

/**
 * Where a provider's login begins: its `entryUrl`, else the front page of its first host.
 *
 * @throws {SigError} E_CONFIG when there is neither, E_PLAINTEXT when it is http and that is not allowed
 */
export function entryUrlOf(provider: Provider, env: Environment): string {
  const { entryUrl } = provider.config;
  const host = provider.domains.find((domain) => !domain.wildcard);
  if (entryUrl === undefined && host === undefined) {
    throw new SigError('E_CONFIG', `Provider "${provider.id}" says nowhere where its login begins`, {
      hint: 'set "entryUrl"',
      provider: provider.id,
    });
  }
  const text = entryUrl === undefined
    ? `https://${formatDomain(host!)}/`
    : readSetting(provider, 'entryUrl', entryUrl, env);
  const { target, href } = parseUrl(text);
  if (!isAcceptableScheme(provider, target)) {
    throw new SigError('E_PLAINTEXT', `Login of "${provider.id}" would begin over plain http`, {
      hint: 'use https in "entryUrl", or set "allowHttp: true"',
      provider: provider.id,
    });
  }
  // The fragment is the page's own, and single-page sites keep their route in it.
  const fragment = text.indexOf('#');
  return fragment < 0 ? href : href + text.slice(fragment);
}

/**
 * Whether a login may be read from a tab whose top frame has that origin (security case B9): one
 * of the provider's hosts, or the one where the login begins, over https.
 */
export function isApprovedOrigin(provider: Provider, origin: string | null, entryUrl: string): boolean {
  const target = parseOrigin(origin);
  if (!target || !isAcceptableScheme(provider, target)) return false;
  return provider.domains.some((domain) => matchDomain(domain, target)) ||
    originOf(target) === originOf(parseUrl(entryUrl).target);
}

/** The target of an origin, or `undefined` for what is none of the web. */
export function parseOrigin(origin: string | null): Target | undefined {
  if (origin === null) return undefined;
  try {
    return parseUrl(origin).target;
  } catch (error) {
    if (!isSigError(error, 'E_TARGET')) throw error;
    return undefined;
  }
}

function isAcceptableScheme(provider: Provider, target: Target): boolean {
  return target.scheme === 'https' || provider.allowHttp;
}
