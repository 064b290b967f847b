import { PROOF_ALGORITHMS, type ProofAlgorithm } from '../dpop/algorithm.ts';
import { decodeBase64url } from '../encoding/base64url.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import type { TokenSet } from '../oauth/token_response.ts';
import { Secret } from '../secret.ts';

/** How a session came to be: by Alien's own flow, or by the device grant of any authorization server. */
export type AgentProfile = 'alien' | 'standard';

/** A login that is bound to the agent's key, and where it may be used. */
export interface AgentSession {
  readonly profile: AgentProfile;
  readonly issuer: string;
  readonly tokenUrl: string;
  readonly revocationUrl?: string;
  readonly jwksUrl?: string;
  readonly clientId: string;
  readonly algorithm: ProofAlgorithm;
  /** RFC 7638 thumbprint of the key that the tokens are bound to. */
  readonly jkt: string;
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  readonly idToken?: Secret;
  readonly obtainedAtSec: number;
  /** By `expires_in`, else by the `exp` of a token that is a JWT. */
  readonly expiresAtSec?: number;
  readonly scope?: string;
  /** Who the agent acts for: `sub`. */
  readonly subject?: string;
  /** The only origins that the token and its proofs go to. */
  readonly allowedOrigins: readonly string[];
}

/** What of a session does not change with its tokens. */
export type AgentGrant = Omit<
  AgentSession,
  'accessToken' | 'refreshToken' | 'idToken' | 'obtainedAtSec' | 'expiresAtSec' | 'scope'
>;

/** Claims of a token as it says itself. Nothing is verified: they are for deciding when to renew. */
export interface UnverifiedClaims {
  readonly exp?: number;
  readonly sub?: string;
  readonly jkt?: string;
}

const SECRETS = ['accessToken', 'refreshToken', 'idToken'] as const;
const TEXTS = ['issuer', 'tokenUrl', 'clientId', 'jkt', 'accessToken'] as const;
const OPTIONAL_TEXTS = ['revocationUrl', 'jwksUrl', 'scope', 'subject', 'refreshToken', 'idToken'] as const;

/**
 * Puts tokens into a session.
 *
 * @param old the session before a refresh; what the answer leaves out stays
 */
export function withTokens(grant: AgentGrant, tokens: TokenSet, nowSec: number, old?: AgentSession): AgentSession {
  const expiresAtSec = tokens.expiresInSec === undefined
    ? readClaims(tokens.accessToken.reveal()).exp
    : nowSec + tokens.expiresInSec;
  const refreshToken = tokens.refreshToken ?? old?.refreshToken;
  const idToken = tokens.idToken ?? old?.idToken;
  const scope = tokens.scope ?? old?.scope;
  return {
    ...grant,
    accessToken: tokens.accessToken,
    obtainedAtSec: nowSec,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(idToken === undefined ? {} : { idToken }),
    ...(expiresAtSec === undefined ? {} : { expiresAtSec }),
    ...(scope === undefined ? {} : { scope }),
  };
}

/** What of a session stays at a refresh. */
export function grantOf(session: AgentSession): AgentGrant {
  const { accessToken: _a, refreshToken: _r, idToken: _i, obtainedAtSec: _o, expiresAtSec: _e, scope: _s, ...grant } =
    session;
  return grant;
}

/** Whether the access token has at most so many seconds left. One that says nothing is taken to be good. */
export function isStale(session: AgentSession, nowSec: number, marginSec: number): boolean {
  return session.expiresAtSec !== undefined && session.expiresAtSec - marginSec <= nowSec;
}

/** The plain JSON that is sealed. */
export function encodeSession(session: AgentSession): Record<string, unknown> {
  const opened = SECRETS.flatMap((name) => session[name] === undefined ? [] : [[name, session[name].reveal()]]);
  return { format: 1, ...session, ...Object.fromEntries(opened) };
}

/**
 * Reads what {@link encodeSession} made.
 *
 * @throws {SigError} E_CORRUPT when it is something else
 */
export function decodeSession(json: unknown): AgentSession {
  const record = json as Record<string, unknown> | null;
  const isText = (name: string) => typeof record?.[name] === 'string';
  const isOptional = (name: string, type: string) => record?.[name] === undefined || typeof record[name] === type;
  if (
    typeof record !== 'object' || record === null || record.format !== 1 || !TEXTS.every(isText) ||
    !OPTIONAL_TEXTS.every((name) => isOptional(name, 'string')) || !isOptional('expiresAtSec', 'number') ||
    typeof record.obtainedAtSec !== 'number' || !(record.profile === 'alien' || record.profile === 'standard') ||
    !PROOF_ALGORITHMS.includes(record.algorithm as ProofAlgorithm) || !Array.isArray(record.allowedOrigins) ||
    !record.allowedOrigins.every((origin) => typeof origin === 'string')
  ) {
    throw new SigError('E_CORRUPT', 'The agent session is not in a format this version reads', {
      hint: 'begin anew: agent-id logout, then agent-id bootstrap',
    });
  }
  const { format: _format, ...plain } = record;
  const boxes = SECRETS.filter((name) => isText(name)).map((name) => [name, new Secret(record[name] as string)]);
  return { ...plain, ...Object.fromEntries(boxes) } as unknown as AgentSession;
}

/** Reads claims of a token that may be a JWT; an opaque one has none. */
export function readClaims(token: string): UnverifiedClaims {
  try {
    const claims = JSON.parse(decodeUtf8(decodeBase64url(token.split('.')[1] ?? ''))) as Record<string, unknown>;
    const jkt = (claims.cnf as { jkt?: unknown } | undefined)?.jkt;
    return {
      ...(typeof claims.exp === 'number' && Number.isFinite(claims.exp) ? { exp: claims.exp } : {}),
      ...(typeof claims.sub === 'string' ? { sub: claims.sub } : {}),
      ...(typeof jkt === 'string' ? { jkt } : {}),
    };
  } catch {
    return {}; // Opaque: it says nothing.
  }
}
