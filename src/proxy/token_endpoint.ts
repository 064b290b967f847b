import type { Credential } from '../credential/credential.ts';
import type { Provider } from '../provider/provider.ts';
import { type Environment, readOAuth2 } from '../provider/settings.ts';
import { isSigError, SigError } from '../errors.ts';
import { authorityOf, parseUrl, type Target } from '../target/target.ts';

/** Where a provider's tokens are made (security case H20). */
export interface TokenEndpoint {
  readonly provider: string;
  /** As `Host` has it. */
  readonly authority: string;
  readonly host: string;
  /** Path in plain form; absent where only the issuer is known, whose endpoints go by their usual names. */
  readonly path?: string;
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

/**
 * The token endpoints that the providers' entries name, or the issuers of those that name none. One whose
 * address cannot be read cannot be used either.
 */
export function findTokenEndpoints(providers: readonly Provider[], env: Environment): TokenEndpoint[] {
  return providers.flatMap((provider) => {
    try {
      const url = readOAuth2(provider, 'tokenUrl', env);
      if (url !== undefined) return [endpointAt(provider.id, url)];
      const issuer = readOAuth2(provider, 'issuer', env);
      if (issuer === undefined) return [];
      const { authority, host } = endpointAt(provider.id, issuer);
      return [{ provider: provider.id, authority, host }];
    } catch (error) {
      if (isSigError(error)) return [];
      throw error;
    }
  });
}

/** By login, since it is asked for each request. */
const learnt = new WeakMap<Credential, TokenEndpoint>();

/** The token endpoint that was learnt at login, from the metadata of the issuer. */
export function learntTokenEndpoint(credential: Credential): TokenEndpoint | undefined {
  const url = credential.oauth2?.tokenUrl;
  if (url === undefined) return undefined;
  let endpoint = learnt.get(credential);
  if (!endpoint) learnt.set(credential, endpoint = endpointAt(credential.provider, url));
  return endpoint;
}

/** Security case H20: who holds no secret must not be handed a fresh one. */
export function refuseTokenEndpoint({ provider }: TokenEndpoint): never {
  throw new SigError('E_NOT_ALLOWED', `Token endpoints of "${provider}" are not reached through the proxy`, {
    hint: `sig itself asks for tokens: sig login ${provider}`,
    provider,
  });
}

function endpointAt(provider: string, url: string): TokenEndpoint & { readonly path: string } {
  const { target, path } = parseUrl(url);
  return { provider, authority: authorityOf(target), host: target.host, path: plainPath(path.split('?', 1)[0]!) };
}

/** Whether a request goes to a token endpoint or to one of its siblings in the same folder. */
export function isTokenEndpoint(endpoint: TokenEndpoint, target: Target, pathname: string): boolean {
  if (authorityOf(target) !== endpoint.authority) return false;
  const path = plainPath(pathname);
  const slash = path.lastIndexOf('/');
  if (endpoint.path === undefined) return SIBLINGS.includes(path.slice(slash + 1));
  if (path === endpoint.path) return true;
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
