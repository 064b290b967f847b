/**
 * A mock of the Alien SSO and of one service behind it: discovery, keys, authorization in JSON mode,
 * polling, tokens, the device grant, revocation, and `/api/v1/whoami` with its manifest. It checks proofs as
 * the real one is documented to, and has switches for what servers do wrong.
 *
 * What it cannot stand for: the phone app, and the check of who the owner is.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { createReplayStore } from '../../src/dpop/replay_store.ts';
import { type ProofVerdict, verifyProof } from '../../src/dpop/verify_proof.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import type { Send } from '../../src/ports.ts';
import { originOf } from '../../src/target/target.ts';
import { answer as wireAnswer } from './fixture.ts';
import { type Answer, startServer, type TestServer } from './tls_server.ts';

/** What the mock does differently from a good server. */
export interface AlienSwitches {
  /** Default `off`. `each`: every response brings a new one, and only that is taken. */
  nonces?: 'off' | 'required' | 'each' | 'minute' | 'endless';
  /** Whether each refresh token is taken once, and its second use ends the session. */
  rotates?: boolean;
  /** How far its clock is ahead. */
  clockOffsetMs?: number;
  tokenType?: string;
  opaqueTokens?: boolean;
  /** `iss` of authorization answers and of id_tokens. */
  issuer?: string;
  /** Answers of the poll before the one that decides. */
  pendingPolls?: number;
  decision?: 'authorized' | 'rejected' | 'expired';
  /** How many device polls are told to slow down. */
  slowDowns?: number;
  /** Refuses every proof. */
  refusesProofs?: boolean;
  /** Status of the token endpoint instead of its answer. */
  tokenStatus?: number;
  /** Thumbprint in tokens instead of the right one. */
  jkt?: string;
  subject?: string;
  /** Nonce in id_tokens instead of the right one. */
  nonce?: string;
  /** `state` in answers instead of the right one. */
  state?: string;
  expiresInSec?: number | null;
  deepLink?: string;
  /** Origins that authorization requests may come from. */
  origins?: readonly string[];
  /** Manifest of the service; text as it is. */
  manifest?: unknown;
}

/** One request to the mock. */
export interface MockRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  header(name: string): string | undefined;
}

/** A mock that answers. */
export interface AlienSso {
  readonly origin: string;
  readonly clientId: string;
  readonly switches: AlienSwitches;
  /** Everything asked, in order, as `METHOD /path`. */
  readonly log: string[];
  /** Requests that carried a proof the service accepted. */
  readonly accepted: MockRequest[];
  /** Makes every access token given so far invalid. */
  endTokens(): void;
  handle(request: MockRequest): Promise<Answer>;
}

interface Grant {
  readonly jkt: string;
  readonly nonce?: string | undefined;
  readonly challenge?: string | undefined;
}

/** Makes a mock for an origin. */
export async function createAlienSso(
  origin: string,
  switches: AlienSwitches = {},
  now: () => number = Date.now,
): Promise<AlienSso> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk: JWK = { ...await exportJWK(publicKey), kid: 'k1', alg: 'RS256', use: 'sig' };
  const clientId = '0000000604000000000036159b3c0f15';
  const replays = createReplayStore({ now: () => now() + (switches.clockOffsetMs ?? 0) });
  const codes = new Map<string, Grant>();
  const refreshTokens = new Map<string, { grant: Grant; used: boolean }>();
  const live = new Set<string>();
  const polls = new Map<string, { left: number; flow: string; grant: Grant }>();
  const log: string[] = [];
  const accepted: MockRequest[] = [];
  let nonceCount = 1;
  let devicePolls = 0;
  let isRevoked = false;

  const nowMs = () => now() + (switches.clockOffsetMs ?? 0);
  const currentNonce = () =>
    switches.nonces === 'minute' ? `minute-${Math.floor(nowMs() / 60_000)}` : `nonce-${nonceCount}`;
  const issuer = () => switches.issuer ?? origin;
  const json = (status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): Answer => ({
    status,
    headers: { 'Content-Type': 'application/json', Date: new Date(nowMs()).toUTCString(), ...headers },
    body: JSON.stringify(body),
  });

  function check(request: MockRequest, token?: { accessToken: string; jkt: string }): Promise<ProofVerdict> {
    const asks = switches.nonces !== undefined && switches.nonces !== 'off';
    return verifyProof(request.header('dpop') ?? null, {
      method: request.method,
      url: origin + request.path,
      replays,
      token,
      ...(asks ? { isCurrentNonce: (nonce: string) => switches.nonces !== 'endless' && nonce === currentNonce() } : {}),
      algorithms: ['EdDSA', 'ES256'],
      now: nowMs,
    });
  }

  async function mint(grant: Grant): Promise<Record<string, unknown>> {
    const nowSec = Math.floor(nowMs() / 1000);
    const jkt = switches.jkt ?? grant.jkt;
    const subject = switches.subject ?? 'owner-1';
    const claims = { cnf: { jkt } };
    const sign = (typ: string, more: Record<string, unknown>, audience: string | string[]) =>
      new SignJWT({ ...claims, ...more, jti: randomUUID() }).setProtectedHeader({ alg: 'RS256', typ, kid: 'k1' })
        .setIssuer(issuer()).setAudience(audience).setSubject(subject).setIssuedAt(nowSec)
        .setExpirationTime(nowSec + 900).sign(privateKey);
    const accessToken = switches.opaqueTokens ? `opaque-${randomUUID()}` : await sign('at+jwt', {}, [clientId, origin]);
    live.add(accessToken);
    bound.set(accessToken, jkt);
    const refreshToken = `refresh-${randomUUID()}`;
    refreshTokens.set(refreshToken, { grant, used: false });
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      id_token: await sign('JWT', grant.nonce === undefined ? {} : { nonce: switches.nonce ?? grant.nonce }, clientId),
      token_type: switches.tokenType ?? 'DPoP',
      scope: 'openid',
      ...(switches.expiresInSec === null ? {} : { expires_in: switches.expiresInSec ?? 900 }),
    };
  }
  const bound = new Map<string, string>();

  async function token(request: MockRequest): Promise<Answer> {
    if (switches.tokenStatus !== undefined) return json(switches.tokenStatus, { error: 'server_error' });
    const proof = switches.refusesProofs
      ? { ok: false as const, error: 'invalid_dpop_proof' as const, fault: 'bad_proof_iat' as const }
      : await check(request);
    if (switches.nonces === 'each' || switches.nonces === 'endless') nonceCount++;
    const headers: Record<string, string> = switches.nonces === undefined || switches.nonces === 'off'
      ? {}
      : { 'DPoP-Nonce': currentNonce() };
    if (!proof.ok) return json(400, { error: proof.error, error_description: proof.fault }, headers);
    const form = new URLSearchParams(request.body);
    const refuse = (error: string) => json(400, { error }, headers);
    if (form.get('client_id') !== clientId) return refuse('invalid_client');
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const grant = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
        if (!grant || grant.challenge !== challenge || grant.jkt !== proof.jkt) return refuse('invalid_grant');
        return json(200, await mint(grant), headers);
      }
      case 'refresh_token': {
        const entry = refreshTokens.get(form.get('refresh_token') ?? '');
        if (!entry || isRevoked || entry.grant.jkt !== proof.jkt) return refuse('invalid_grant');
        if (switches.rotates && entry.used) {
          isRevoked = true;
          return refuse('invalid_grant');
        }
        entry.used = true;
        const tokens = await mint({ jkt: entry.grant.jkt });
        if (!switches.rotates) tokens.refresh_token = undefined;
        return json(200, tokens, headers);
      }
      case 'urn:ietf:params:oauth:grant-type:device_code': {
        devicePolls++;
        if (devicePolls <= (switches.slowDowns ?? 0)) return refuse('slow_down');
        if (devicePolls <= (switches.slowDowns ?? 0) + (switches.pendingPolls ?? 0)) {
          return refuse('authorization_pending');
        }
        if (switches.decision === 'rejected') return refuse('access_denied');
        if (switches.decision === 'expired') return refuse('expired_token');
        return json(200, await mint({ jkt: proof.jkt }), headers);
      }
    }
    return refuse('unsupported_grant_type');
  }

  function authorize(request: MockRequest): Answer {
    const query = new URL(origin + request.path).searchParams;
    const from = request.header('origin');
    if (!(switches.origins ?? ['http://localhost']).includes(from ?? '')) {
      return json(400, { error: 'invalid_request', error_description: 'Origin is not allowed' });
    }
    const wanted: Record<string, RegExp> = {
      response_type: /^code$/,
      response_mode: /^json$/,
      client_id: new RegExp(`^${clientId}$`),
      scope: /^openid$/,
      code_challenge: /^[\w-]{43}$/,
      code_challenge_method: /^S256$/,
      state: /^[\w-]{43}$/,
      nonce: /^[\w-]{43}$/,
      dpop_jkt: /^[\w-]{43}$/,
    };
    for (const [name, pattern] of Object.entries(wanted)) {
      const values = query.getAll(name);
      if (values.length !== 1 || !pattern.test(values[0]!)) return json(400, { error: 'invalid_request', at: name });
    }
    const grant = { jkt: query.get('dpop_jkt')!, nonce: query.get('nonce')!, challenge: query.get('code_challenge')! };
    const code = randomUUID();
    polls.set(code, { left: switches.pendingPolls ?? 0, flow: switches.state ?? query.get('state')!, grant });
    return json(200, {
      deep_link: switches.deepLink ?? `alien://authorize/${code}`,
      polling_code: code,
      expired_at: Math.floor(nowMs() / 1000) + 300,
      iss: issuer(),
    });
  }

  function poll(request: MockRequest): Answer {
    const { polling_code: code } = JSON.parse(request.body) as { polling_code: string };
    const flow = polls.get(code);
    if (!flow) return json(404, { error: 'unknown' });
    if (flow.left-- > 0) return json(200, { status: 'pending' });
    const status = switches.decision ?? 'authorized';
    if (status !== 'authorized') return json(200, { status });
    const authorizationCode = randomUUID();
    codes.set(authorizationCode, flow.grant);
    return json(200, { status, authorization_code: authorizationCode, state: flow.flow, iss: issuer() });
  }

  async function whoami(request: MockRequest): Promise<Answer> {
    const accessToken = /^DPoP (\S+)$/.exec(request.header('authorization') ?? '')?.[1];
    const challenge = (error: string): Answer =>
      json(401, { error }, {
        'WWW-Authenticate': `DPoP realm="api" error="${error}", algs="EdDSA ES256"`,
        ...(switches.nonces === undefined || switches.nonces === 'off' ? {} : { 'DPoP-Nonce': currentNonce() }),
      });
    if (accessToken === undefined || !live.has(accessToken)) return challenge('invalid_token');
    const proof = await check(request, { accessToken, jkt: bound.get(accessToken)! });
    if (switches.nonces === 'each' || switches.nonces === 'endless') nonceCount++;
    if (!proof.ok) return challenge(proof.error);
    accepted.push(request);
    const nonce = switches.nonces === undefined || switches.nonces === 'off' ? {} : { 'DPoP-Nonce': currentNonce() };
    return json(
      200,
      { sub: 'owner-1', jkt: proof.jkt, method: request.method, path: request.path, sent: request.body },
      nonce,
    );
  }

  async function handle(request: MockRequest): Promise<Answer> {
    const path = request.path.split('?')[0]!;
    log.push(`${request.method} ${path}`);
    if (path.startsWith('/api/v1/')) return await whoami(request);
    switch (path) {
      case '/.well-known/openid-configuration':
        return json(200, {
          issuer: origin,
          jwks_uri: `${origin}/oauth/jwks`,
          authorization_endpoint: `${origin}/oauth/authorize`,
          token_endpoint: `${origin}/oauth/token`,
          device_authorization_endpoint: `${origin}/oauth/device`,
          revocation_endpoint: `${origin}/oauth/revoke`,
          dpop_signing_alg_values_supported: ['EdDSA'],
        });
      case '/oauth/jwks':
        return json(200, { keys: [jwk] });
      case '/oauth/authorize':
        return authorize(request);
      case '/oauth/poll':
        return poll(request);
      case '/oauth/token':
        return await token(request);
      case '/oauth/device':
        return json(200, {
          device_code: randomUUID(),
          user_code: 'ABCD-EFGH',
          verification_uri: `${origin}/device`,
          verification_uri_complete: `${origin}/device?user_code=ABCD-EFGH`,
          expires_in: 300,
          interval: 5,
        });
      case '/oauth/revoke':
        isRevoked = true;
        return json(200, {});
      case '/.well-known/alien-agent-id.json': {
        const { manifest = defaultManifest(origin) } = switches;
        return {
          status: 200,
          headers: { 'Content-Type': 'application/json' },
          body: typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
        };
      }
      case '/':
        return {
          status: 200,
          headers: { 'Content-Type': 'text/html' },
          body: '<!doctype html><meta name="alien-agent-id" content="v1"><title>Notes</title>',
        };
    }
    return json(404, { error: 'not_found' });
  }

  return { origin, clientId, switches, log, accepted, endTokens: () => live.clear(), handle };
}

/** What the mock's service says of itself. */
export function defaultManifest(origin: string): Record<string, unknown> {
  const idSchema = { type: 'object', properties: { id: { type: 'string', maxLength: 40 } }, required: ['id'] };
  return {
    version: 2,
    service: { name: 'Notes', url: origin },
    auth: { header: 'Authorization', scheme: 'DPoP' },
    api: {
      base: `${origin}/api/v1`,
      operations: [
        {
          name: 'whoami',
          description: 'Who am I?',
          method: 'GET',
          path: '/whoami',
          annotations: { readOnlyHint: true },
        },
        {
          name: 'addNote',
          description: 'Add a note',
          method: 'POST',
          path: '/notes',
          inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
        },
        {
          name: 'deleteNote',
          description: 'Remove a note',
          method: 'DELETE',
          path: '/notes/{id}',
          inputSchema: idSchema,
        },
      ],
    },
  };
}

/** A `Send` that reaches the mock and nothing else. */
export function sendTo(sso: AlienSso): Send {
  return async (head, body) => {
    if (originOf(head.target) !== sso.origin) throw new Error(`asked ${originOf(head.target)}`);
    const bytes = await readAll(body ?? [], Infinity);
    const result = await sso.handle({
      method: head.method,
      path: head.path,
      body: Buffer.from(bytes!).toString(),
      header: (name) => head.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1],
    });
    return wireAnswer(result.status ?? 200, result.body, Object.entries(result.headers ?? {}));
  };
}

/** The mock on a loopback server, over TLS with the private CA. Stopping it is the caller's. */
export async function startAlienSso(
  switches: AlienSwitches = {},
): Promise<{ readonly sso: AlienSso; readonly server: TestServer }> {
  const server = await startServer({});
  const sso = await createAlienSso(server.origin, switches);
  server.handle(async ({ method, path, body, header }) =>
    await sso.handle({ method, path, body: body.toString(), header: (name) => header(name) })
  );
  return { sso, server };
}
