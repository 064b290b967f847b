import type { Provider } from './provider.ts';

/** What sites call the pages on which a person signs in. */
const LOGIN_PATH = /(?:^|[/._#-])(?:log[-_]?in|sign[-_]?in|sso|saml2?|oauth2?|authorize|auth)(?:[/._?#-]|$)/i;

/**
 * Whether a URL is that of a login page: the provider's `loginUrlPatterns` decide when it has any,
 * else what its path and route look like.
 *
 * @param url absolute; its query does not count
 */
export function isLoginPage(provider: Provider, url: string): boolean {
  const { origin, pathname, hash } = new URL(url);
  const patterns = provider.config.loginUrlPatterns;
  // Behind "#" a single-page site has its route; anything else there is not a path.
  const route = hash.startsWith('#/') || hash.startsWith('#!') ? hash.split('?', 1)[0]! : '';
  if (patterns === undefined) return LOGIN_PATH.test(pathname + route);
  return patterns.some((pattern) => urlFits(pattern, origin + pathname + route));
}

/** A pattern is a piece of the URL; `*` in it is any text. */
function urlFits(pattern: string, url: string): boolean {
  let at = 0;
  for (const piece of pattern.split('*')) {
    at = url.indexOf(piece, at);
    if (at < 0) return false;
    at += piece.length;
  }
  return true;
}
