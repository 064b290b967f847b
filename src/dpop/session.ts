import type { SigningKey } from '../encoding/signing_key.ts';
import { SigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { HeaderPairs } from '../target/head.ts';
import { isLoopbackHost } from '../target/host.ts';
import { originOf, type ParsedUrl, parseUrl } from '../target/target.ts';
import type { ProofAlgorithm } from './algorithm.ts';
import type { ClockOffsets } from './clock_offset.ts';
import { boxed } from './held_token.ts';
import type { NonceStore, ServerRole } from './nonce_store.ts';
import { createProof } from './proof.ts';
import { accessTokenHash, revealToken } from './token.ts';

/** A key, the token bound to it, and where both may go. */
export interface DpopSession {
  readonly key: SigningKey;
  /** Access token bound to the key. Absent: requests carry a proof alone, as a token endpoint wants. */
  readonly accessToken?: Secret | string | undefined;
  /** The only origins that requests may go to, such as `https://api.example.com`. */
  readonly origins: readonly string[];
  /** Default `RS` with a token, `AS` without. */
  readonly role?: ServerRole | undefined;
  /** Algorithm name of the proofs; default ES256 or EdDSA, by the key. */
  readonly algorithm?: ProofAlgorithm | undefined;
  /** What servers gave before; default a store in memory. */
  readonly nonces?: NonceStore | undefined;
  /** What server clocks showed before; default a `Map`. */
  readonly clockOffsets?: ClockOffsets | undefined;
  /** Whether `http:` origins are taken, on loopback only; default false. */
  readonly allowHttp?: boolean | undefined;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** One request, as far as a proof is concerned. */
export interface RequestLine {
  /** Exactly as it is sent. */
  readonly method: string;
  readonly url: string | URL;
  /** Instead of the one in the session's store. */
  readonly nonce?: string | undefined;
}

// One hash per token, not per request. Keyed by the box, so that it goes when the token goes.
const hashes = new WeakMap<Secret, Promise<string>>();

/**
 * Makes the headers that carry a session's token in one request: `Authorization` and `DPoP`, or
 * `DPoP` alone where there is no token. {@link dpopFetch} does this for each sending; use it by
 * itself where something else sends.
 *
 * Token and proof come from the same session object, so one never goes out with the hash of
 * another (security case D12).
 *
 * @throws {SigError} E_TARGET when the URL is not acceptable
 * @throws {SigError} E_HOST_NOT_ALLOWED when the session is not for the URL's origin
 * @throws {SigError} E_PLAINTEXT when it is plain http
 * @throws {SigError} E_BAD_CREDENTIAL_VALUE when the token cannot stand in a header
 *
 * @example
 * ```ts
 * const session = { key: await generateKey('ES256'), accessToken: 'xyz', origins: ['https://api.example.com'] };
 * const headers = await signRequest(session, { method: 'GET', url: 'https://api.example.com/me' });
 * // [["Authorization", "DPoP xyz"], ["DPoP", "eyJ…"]]
 * ```
 */
export async function signRequest(session: DpopSession, request: RequestLine): Promise<HeaderPairs> {
  const { target, href } = requireOrigin(session, String(request.url));
  const origin = originOf(target);
  const token = session.accessToken === undefined ? undefined : boxed(session.accessToken);
  const nowMs = nowOf(session) + (session.clockOffsets?.get(origin) ?? 0);
  const proof = await createProof(session.key, {
    method: request.method,
    url: href,
    ath: token && await hashOf(token),
    nonce: request.nonce ?? await session.nonces?.get(roleOf(session), origin),
    algorithm: session.algorithm,
    iatSec: Math.floor(nowMs / 1000),
  });
  return token ? [['Authorization', `DPoP ${revealToken(token)}`], ['DPoP', proof]] : [['DPoP', proof]];
}

/**
 * Parses a URL and refuses it unless the session is for its origin.
 *
 * @throws {SigError} E_TARGET, E_HOST_NOT_ALLOWED, E_PLAINTEXT
 */
export function requireOrigin(session: DpopSession, url: string): ParsedUrl {
  const parsed = parseUrl(url);
  const origin = originOf(parsed.target);
  if (!session.origins.some((allowed) => parseOrigin(allowed) === origin)) {
    throw new SigError('E_HOST_NOT_ALLOWED', `The DPoP session is not for "${origin}"`, {
      hint: 'its token and proofs go to the origins it lists and nowhere else',
    });
  }
  if (parsed.target.scheme === 'http' && !(session.allowHttp && isLoopbackHost(parsed.target.host))) {
    throw new SigError('E_PLAINTEXT', `A DPoP token must not travel over plain http to "${origin}"`);
  }
  return parsed;
}

/** The session's role towards the servers it talks to. */
export function roleOf(session: DpopSession): ServerRole {
  return session.role ?? (session.accessToken === undefined ? 'AS' : 'RS');
}

/** Milliseconds since 1970 by the session's clock. */
export function nowOf({ now = Date.now }: Pick<DpopSession, 'now'>): number {
  return now();
}

/** The `ath` of a token, computed once for each box. */
export function hashOf(token: Secret): Promise<string> {
  let hash = hashes.get(token);
  if (!hash) hashes.set(token, hash = accessTokenHash(token));
  return hash;
}

function parseOrigin(text: string): string {
  const { target, path } = parseUrl(text);
  // A path here would look like a restriction and be none.
  if (path !== '/') throw new TypeError('Parameter "origins" must hold origins: scheme, host and port, no path');
  return originOf(target);
}
