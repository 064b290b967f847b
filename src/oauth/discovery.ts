import { SigError } from '../errors.ts';
import { originOf, parseUrl } from '../target/target.ts';

/** The parts of an authorization server's metadata that `sig` uses (RFC 8414 §2). */
export interface ServerMetadata {
  readonly issuer: string;
  readonly tokenEndpoint?: string;
  readonly authorizationEndpoint?: string;
  readonly deviceAuthorizationEndpoint?: string;
  readonly pushedAuthorizationRequestEndpoint?: string;
  readonly revocationEndpoint?: string;
  readonly jwksUri?: string;
  readonly dpopAlgorithms?: readonly string[];
  /** Whether each answer to an authorization request names the issuer (RFC 9207 §3). */
  readonly sendsIssuer?: boolean;
  /** Whether authorization requests are taken only when they were pushed (RFC 9126 §5). */
  readonly requiresPushed?: boolean;
  /** PKCE methods (RFC 8414 §2). */
  readonly challengeMethods?: readonly string[];
}

/**
 * Where an issuer's metadata may be: OpenID Connect Discovery §4.1 appends the well-known path,
 * RFC 8414 §3.1 inserts it before the issuer's own.
 *
 * @throws {SigError} E_TARGET
 */
export function metadataUrls(issuer: string): string[] {
  const { target, path } = parseUrl(issuer);
  const own = path === '/' ? '' : path.replace(/\/$/, '');
  const origin = originOf(target);
  return [
    `${origin}${own}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${own}`,
  ];
}

/**
 * Reads a metadata document. Its issuer must be the one that was asked for (RFC 8414 §3.3), and
 * its endpoints must be https unless the issuer itself is not.
 *
 * @param json the parsed document
 * @throws {SigError} E_TOKEN_RESPONSE
 */
export function parseMetadata(json: unknown, issuer: string): ServerMetadata {
  const bad = (why: string) => new SigError('E_TOKEN_RESPONSE', `Cannot use the metadata of issuer ${issuer}: ${why}`);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad('it is not a JSON object');
  const record = json as Record<string, unknown>;
  if (typeof record.issuer !== 'string' || record.issuer.replace(/\/$/, '') !== issuer.replace(/\/$/, '')) {
    throw bad('it names another issuer');
  }
  const plainIsFine = parseUrl(issuer).target.scheme === 'http';
  const endpoint = (name: string): string | undefined => {
    const value = record[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw bad(`"${name}" is not a URL`);
    const { target, href } = parseUrl(value);
    if (target.scheme !== 'https' && !plainIsFine) throw bad(`"${name}" is not https`);
    return href;
  };
  const members = {
    tokenEndpoint: endpoint('token_endpoint'),
    authorizationEndpoint: endpoint('authorization_endpoint'),
    deviceAuthorizationEndpoint: endpoint('device_authorization_endpoint'),
    pushedAuthorizationRequestEndpoint: endpoint('pushed_authorization_request_endpoint'),
    revocationEndpoint: endpoint('revocation_endpoint'),
    jwksUri: endpoint('jwks_uri'),
  };
  const names = (value: unknown) =>
    Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : undefined;
  const algorithms = names(record.dpop_signing_alg_values_supported);
  const challengeMethods = names(record.code_challenge_methods_supported);
  return {
    issuer: record.issuer,
    ...Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)),
    ...(algorithms === undefined ? {} : { dpopAlgorithms: algorithms }),
    ...(challengeMethods === undefined ? {} : { challengeMethods }),
    ...(record.require_pushed_authorization_requests === true ? { requiresPushed: true } : {}),
    ...(record.authorization_response_iss_parameter_supported === true ? { sendsIssuer: true } : {}),
  };
}
