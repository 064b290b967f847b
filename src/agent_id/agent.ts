/**
 * The agent's identity in a vault: one key, one session that is bound to it, and what servers
 * taught. Records `agent/key`, `agent/session` and `agent/nonces`.
 *
 * @module
 */

import { chooseAlgorithm, defaultAlgorithm } from '../dpop/algorithm.ts';
import { exportKey, generateKey, importKey, type KeyKind, type SigningKey } from '../encoding/signing_key.ts';
import { SigError } from '../errors.ts';
import { buildRefresh } from '../oauth/refresh_token.ts';
import { buildRevocation } from '../oauth/revocation.ts';
import type { Secret } from '../secret.ts';
import type { Vault } from '../vault/vault.ts';
import { type AlienLogin, loginWithAlien, requireSubject, verifySession } from './alien.ts';
import { askForTokens, discoverServer, sendToServer } from './authorization_server.ts';
import type { ImportedState } from './import_state.ts';
import { type Learned, withLearned } from '../sig/learned.ts';
import { type AgentSession, decodeSession, encodeSession, grantOf, isStale, withTokens } from './session.ts';
import { loginWithStandard, type StandardLogin } from './standard.ts';
import type { AgentPorts } from './transport.ts';

/** Which login to do. */
export type BootstrapRequest =
  | ({ readonly profile: 'alien' } & AlienLogin)
  | ({ readonly profile: 'standard'; readonly issuer: string } & StandardLogin);

/** What signs requests now. */
export interface Signing extends Learned {
  readonly key: SigningKey;
  readonly session: AgentSession;
  /** Gets another token than the refused one. */
  readonly refresh: (refused: Secret) => Promise<Secret>;
}

/** The agent's identity. */
export interface Agent {
  /** What there is, without asking anybody. */
  read(): Promise<{ readonly key: SigningKey | undefined; readonly session: AgentSession | undefined }>;
  /** Logs in, unless that was done. */
  bootstrap(request: BootstrapRequest): Promise<{ readonly session: AgentSession; readonly already: boolean }>;
  /**
   * Takes over a key and a session from elsewhere.
   *
   * @throws {SigError} E_EXISTS when there is a key already
   */
  adopt(state: ImportedState): Promise<void>;
  /** Renews the tokens now. */
  refresh(): Promise<AgentSession>;
  /** Forgets the session; the key, which is the identity, stays. The server is told if it can be. */
  logout(): Promise<{ readonly revoked: boolean }>;
  /** Lets the session go to these origins from now on. Does nothing without a session. */
  allow(origins: readonly string[]): Promise<AgentSession | undefined>;
  /** Does work with a key and a token that is not about to expire. */
  withSigning<T>(work: (signing: Signing) => Promise<T>): Promise<T>;
}

const KEY = 'agent/key';
const SESSION = 'agent/session';
const NONCES = 'agent/nonces';
/** A token with less time left is renewed before it is used, in seconds. */
const MARGIN_SEC = 60;

/** Opens the identity in a vault. */
export function createAgent(vault: Vault, ports: AgentPorts): Agent {
  const nowSec = () => Math.floor(ports.clock.now() / 1000);

  async function readKey(): Promise<SigningKey | undefined> {
    const opened = await vault.open(KEY);
    return opened && await importKey(jwkOf(opened.value));
  }

  async function readSession(): Promise<AgentSession | undefined> {
    const opened = await vault.open(SESSION);
    return opened && decodeSession(opened.value);
  }

  /** The key that is there when it is of a wanted kind, else a new one: only a new login may change it. */
  async function ensureKey(isWanted: (kind: KeyKind) => boolean, kind: KeyKind): Promise<SigningKey> {
    const opened = await vault.update(KEY, async (current) => {
      if (current && isWanted((await importKey(jwkOf(current.value))).kind)) return undefined;
      return { format: 1, jwk: await exportKey(await generateKey(kind, { extractable: true })) };
    });
    return await importKey(jwkOf(opened!.value));
  }

  async function login(request: BootstrapRequest, learned: Learned): Promise<AgentSession> {
    if (request.profile === 'alien') {
      const key = await ensureKey((kind) => kind === 'Ed25519', 'Ed25519');
      return await loginWithAlien(request, { ...learned, key, algorithm: 'EdDSA' }, ports);
    }
    const metadata = await discoverServer(request.issuer, ports);
    const supported = metadata.dpopAlgorithms;
    const isTaken = (kind: KeyKind) => {
      const names = kind === 'ES256' ? ['ES256'] : ['EdDSA', 'Ed25519'];
      return supported === undefined || names.some((name) => supported.includes(name));
    };
    const key = await ensureKey(isTaken, isTaken('Ed25519') ? 'Ed25519' : 'ES256');
    const algorithm = supported === undefined ? defaultAlgorithm(key.kind) : chooseAlgorithm(supported, key.kind);
    return await loginWithStandard(request, metadata, { ...learned, key, algorithm }, ports);
  }

  /** Renews under the lease of the session: of all processes one asks the server, the others find the result. */
  async function renew(learned: Learned, isDue: (session: AgentSession) => boolean): Promise<AgentSession> {
    const key = await requireKey(readKey);
    const opened = await vault.update(SESSION, async (current) => {
      if (!current) throw notBootstrapped();
      const old = decodeSession(current.value);
      if (!isDue(old)) return undefined;
      // Whatever fails below leaves the old record as it is.
      if (old.refreshToken === undefined) throw notBootstrapped('The token has expired and cannot be renewed');
      const { tokenUrl, clientId, refreshToken, algorithm } = old;
      const request = buildRefresh({ tokenUrl, client: { clientId }, refreshToken, allowHttp: true });
      const { tokens } = await askForTokens(request, { ...learned, key, algorithm }, ports);
      const fresh = withTokens(grantOf(old), tokens!, nowSec(), old);
      requireSubject(fresh, old.subject);
      return encodeSession(tokens!.idToken === undefined ? fresh : await verifySession(fresh, undefined, ports));
    });
    return decodeSession(opened!.value);
  }

  return {
    read: async () => ({ key: await readKey(), session: await readSession() }),
    async bootstrap(request) {
      const found = await readSession();
      if (found) return { session: found, already: true };
      const session = await withLearned(vault, NONCES, (learned) => login(request, learned));
      await vault.seal(SESSION, encodeSession(session));
      return { session, already: false };
    },
    async adopt({ jwk, session }) {
      await vault.update(KEY, (current) => {
        if (current) throw new SigError('E_EXISTS', 'There is an agent key already');
        return { format: 1, jwk };
      });
      if (session) await vault.seal(SESSION, encodeSession(session));
    },
    refresh: async () => await withLearned(vault, NONCES, (learned) => renew(learned, () => true)),
    async logout() {
      const session = await readSession().catch(() => undefined); // One that cannot be read is forgotten all the same.
      await vault.remove(SESSION);
      return { revoked: session !== undefined && await revoke(session, ports) };
    },
    async allow(origins) {
      const opened = await vault.update(SESSION, (current) => {
        const session = current && decodeSession(current.value);
        if (!session || origins.every((origin) => session.allowedOrigins.includes(origin))) return undefined;
        return encodeSession({ ...session, allowedOrigins: [...new Set([...session.allowedOrigins, ...origins])] });
      });
      return opened && decodeSession(opened.value);
    },
    async withSigning(work) {
      const key = await requireKey(readKey);
      return await withLearned(vault, NONCES, async (learned) => {
        const found = await readSession();
        if (!found) throw notBootstrapped();
        const isDue = (session: AgentSession) =>
          isStale(session, nowSec(), session.refreshToken === undefined ? 0 : MARGIN_SEC);
        const session = isDue(found) ? await renew(learned, isDue) : found;
        const refresh = async (refused: Secret) =>
          (await renew(learned, ({ accessToken }) => accessToken.reveal() === refused.reveal())).accessToken;
        return await work({ ...learned, key, session, refresh });
      });
    },
  };
}

/** Tells the server that a session is over (RFC 7009); whether it could be told. */
async function revoke(session: AgentSession, ports: AgentPorts): Promise<boolean> {
  const { revocationUrl, refreshToken, accessToken, clientId } = session;
  if (revocationUrl === undefined) return false;
  try {
    const request = buildRevocation({
      revocationUrl,
      client: { clientId },
      token: refreshToken ?? accessToken,
      kind: refreshToken ? 'refresh_token' : 'access_token',
      allowHttp: true,
    });
    return (await sendToServer(request, ports)).status === 200;
  } catch {
    return false; // The session is gone here either way; the caller says that the server does not know.
  }
}

async function requireKey(readKey: () => Promise<SigningKey | undefined>): Promise<SigningKey> {
  const key = await readKey();
  if (key) return key;
  throw notBootstrapped();
}

function notBootstrapped(why = 'There is no agent identity yet'): SigError {
  return new SigError('E_LOGIN_REQUIRED', why, { hint: 'agent-id bootstrap' });
}

function jwkOf(value: unknown): JsonWebKey {
  return (value as { jwk: JsonWebKey }).jwk;
}
