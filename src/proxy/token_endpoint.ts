import type { Provider } from '../provider/provider.ts';
import { type Environment, readOAuth2 } from '../provider/settings.ts';
import { isSigError } from '../errors.ts';
import { authorityOf, parseUrl, type Target } from '../target/target.ts';

/** Where a provider's tokens are made (security case H20). */
export interface TokenEndpoint {
  readonly provider: string;
  /** As `Host` has it. */
  readonly authority: string;
  readonly host: string;
  /** Path in plain form. */
  readonly path: string;
}

/** Endpoints that stand beside a token endpoint and do as much (RFC 6749, 7009, 7662, 8628, 9126). */
const SIBLINGS = [
  'token',
  'tokens',
  'authorize',
  'authorization',
  'revoke',
  'revocation',
  'introspect',
  'device_authorization',
  'device',
  'par',
];

/** The token endpoints that the providers' entries name. One whose address cannot be read cannot be used either. */
export function findTokenEndpoints(providers: readonly Provider[], env: Environment): TokenEndpoint[] {
  return providers.flatMap((provider) => {
    try {
      const url = readOAuth2(provider, 'tokenUrl', env);
      if (url === undefined) return [];
      const { target, path } = parseUrl(url);
      return [{
        provider: provider.id,
        authority: authorityOf(target),
        host: target.host,
        path: plainPath(path.split('?', 1)[0]!),
      }];
    } catch (error) {
      if (isSigError(error)) return [];
      throw error;
    }
  });
}

/** Whether a request goes to a token endpoint or to one of its siblings in the same folder. */
export function isTokenEndpoint(endpoint: TokenEndpoint, target: Target, pathname: string): boolean {
  if (authorityOf(target) !== endpoint.authority) return false;
  const path = plainPath(pathname);
  if (path === endpoint.path) return true;
  const slash = path.lastIndexOf('/');
  return path.slice(0, slash) === endpoint.path.slice(0, endpoint.path.lastIndexOf('/')) &&
    SIBLINGS.includes(path.slice(slash + 1));
}

/** How a server may read a path: decoded, without case, empty segments, parameters and dots. */
function plainPath(pathname: string): string {
  let text = pathname;
  for (let i = 0; i < 2; i++) {
    try {
      text = decodeURIComponent(text);
    } catch {
      break; // Not percent-encoded: it is that very text.
    }
  }
  const segments: string[] = [];
  for (const part of text.toLowerCase().split(/[/\\]/)) {
    const segment = part.split(';', 1)[0]!;
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}
