/**
 * A real authorization server (the npm package `oidc-provider`) on loopback, over TLS with the
 * private CA. Whoever it asks to log in or to consent is taken to say yes.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { makeTempFolder } from './temp_folder.ts';
import { makeIdentity, testAuthority } from './test_ca.ts';

/** What the server is to do. */
export interface IssuerOptions {
  /** Seconds that access tokens live. Default 3600. */
  readonly accessTokenSec?: number;
  /** Whether each refresh gives a new refresh token, and the old one used again ends the session. Default true. */
  readonly rotatesRefreshTokens?: boolean;
  /** Whether tokens can be bound to a key (RFC 9449). Default false. */
  readonly dpop?: boolean;
  /** Whether DPoP proofs must carry a nonce of the server. Default false. */
  readonly requiresDpopNonce?: boolean;
  /** Algorithms of DPoP proofs. Default ES256, Ed25519 and EdDSA. */
  readonly dpopAlgorithms?: readonly string[];
  /** Makes access tokens JWTs for this audience. Default: they are opaque. */
  readonly jwtAudience?: string;
  /** Whether a person must type a password, any one, instead of being taken to say yes. Default false. */
  readonly asksPassword?: boolean;
  /** What it does with pushed authorization requests (RFC 9126). Default `offered`. */
  readonly pushed?: 'off' | 'offered' | 'required';
  /** Further clients, in the form of RFC 7591 metadata. */
  readonly clients?: readonly Record<string, unknown>[];
}

/** A confidential client. */
export interface IssuerClient {
  readonly id: string;
  readonly secret: string;
}

/** A request that the server got, without its secrets. */
export interface IssuerRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** A running authorization server. */
export interface TestIssuer {
  /** Such as `https://localhost:40123`. */
  readonly issuer: string;
  readonly port: number;
  readonly caPem: string;
  readonly caFile: string;
  readonly tokenUrl: string;
  readonly authorizationUrl: string;
  readonly deviceUrl: string;
  readonly introspectionUrl: string;
  readonly revocationUrl: string;
  /** Authenticates with HTTP Basic; may use every grant. */
  readonly basicClient: IssuerClient;
  /** Authenticates in the form body; may use every grant. */
  readonly postClient: IssuerClient;
  /** Public native client: code flow with PKCE to any port of `http://127.0.0.1/callback`, and device flow. */
  readonly nativeClientId: string;
  /** The public keys that tokens are signed with, as a JWK Set. */
  readonly jwks: { readonly keys: readonly Record<string, unknown>[] };
  readonly requests: readonly IssuerRequest[];
  /** Lets the person at the other device say yes. */
  approveDevice(userCode: string): Promise<void>;
  /** Lets the person at the other device say no. */
  denyDevice(userCode: string): Promise<void>;
  /** Answers the next token requests by itself: a hostile or broken server. `undefined` restores it. */
  overrideToken(answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined): void;
  readonly close: () => Promise<void>;
}

/** The scopes that every client may ask for. */
export const ISSUER_SCOPES = 'openid offline_access read:data write:data';

const PERSON = 'person-1';
const PASSWORD_FORM =
  '<form method="post"><input name="user"><input type="password" name="password"><button>Sign in</button></form>';
const CONFIDENTIAL_GRANTS = [
  'client_credentials',
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
];

/** Starts the server. */
export async function startIssuer(options: IssuerOptions = {}): Promise<TestIssuer> {
  const { default: Provider, createMemoryAdapter } = await loadProvider();
  const folder = await makeTempFolder();
  const caFile = join(folder.path, 'ca.pem');
  const caPem = (await testAuthority()).certificatePem;
  await writeFile(caFile, caPem);
  const sockets = new Set<Socket>();
  const requests: IssuerRequest[] = [];
  let listener: RequestListener = (_request, response) => response.writeHead(503).end();
  let override: Parameters<TestIssuer['overrideToken']>[0];

  const server = createServer(await makeIdentity(['localhost', '127.0.0.1']), (request, response) => {
    const path = (request.url ?? '/').split('?')[0]!;
    response.on('finish', () => requests.push({ method: request.method!, path, status: response.statusCode }));
    if (override && path === '/token') override(request, response);
    else listener(request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const issuer = `https://localhost:${port}`;
  const basicClient = { id: 'basic-client', secret: makeSecret() };
  const postClient = { id: 'post-client', secret: makeSecret() };
  const nativeClientId = 'native-client';

  const confidential = (client: IssuerClient, method: string) => ({
    client_id: client.id,
    client_secret: client.secret,
    token_endpoint_auth_method: method,
    grant_types: CONFIDENTIAL_GRANTS,
    response_types: ['code'],
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback'],
    scope: ISSUER_SCOPES,
  });
  const signingKey = await makeSigningKey();
  const { d: _private, ...publicKey } = signingKey;
  const provider = new Provider(issuer, {
    adapter: createMemoryAdapter(),
    clients: [
      confidential(basicClient, 'client_secret_basic'),
      confidential(postClient, 'client_secret_post'),
      {
        client_id: nativeClientId,
        token_endpoint_auth_method: 'none',
        grant_types: CONFIDENTIAL_GRANTS.slice(1),
        response_types: ['code'],
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/callback'],
        scope: ISSUER_SCOPES,
      },
      ...options.clients ?? [],
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ISSUER_SCOPES.split(' '),
    claims: { openid: ['sub'] },
    jwks: { keys: [signingKey] },
    ...(options.dpopAlgorithms && { enabledJWA: { dPoPSigningAlgValues: options.dpopAlgorithms } }),
    cookies: { keys: [makeSecret()] },
    findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: options.rotatesRefreshTokens ?? true,
    issueRefreshToken: (_ctx: unknown, client: { grantTypeAllowed(grant: string): boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      pushedAuthorizationRequests: {
        enabled: options.pushed !== 'off',
        requirePushedAuthorizationRequests: options.pushed === 'required',
      },
      dPoP: {
        enabled: options.dpop ?? false,
        nonceSecret: randomBytes(32),
        requireNonce: () => options.requiresDpopNonce ?? false,
      },
      resourceIndicators: {
        enabled: options.jwtAudience !== undefined,
        defaultResource: () => options.jwtAudience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: unknown, audience: string) => ({
          scope: ISSUER_SCOPES,
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: options.accessTokenSec ?? 3600,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    ttl: {
      AccessToken: options.accessTokenSec ?? 3600,
      ClientCredentials: options.accessTokenSec ?? 3600,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
  });

  const grantFor = async (clientId: string, scope: string): Promise<string> => {
    const grant = new provider.Grant({ accountId: PERSON, clientId });
    grant.addOIDCScope(scope);
    return await grant.save();
  };
  const answerInteraction = async (request: IncomingMessage, response: ServerResponse) => {
    const { prompt, params } = await provider.interactionDetails(request, response);
    if (options.asksPassword && prompt.name === 'login' && request.method === 'GET') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(PASSWORD_FORM);
      return;
    }
    const result = prompt.name === 'login'
      ? { login: { accountId: PERSON } }
      : { consent: { grantId: await grantFor(params.client_id, params.scope ?? 'openid') } };
    await provider.interactionFinished(request, response, result);
  };
  const callback = provider.callback();
  listener = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    answerInteraction(request, response).catch(() => response.writeHead(500).end());
  };
  const findDevice = async (userCode: string) => {
    const code = await provider.DeviceCode.findByUserCode(userCode.toUpperCase().replace(/\W/g, ''));
    if (!code) throw new Error('No device waits with that user code');
    return code;
  };

  return {
    issuer,
    port,
    caPem,
    caFile,
    tokenUrl: `${issuer}/token`,
    authorizationUrl: `${issuer}/auth`,
    deviceUrl: `${issuer}/device/auth`,
    introspectionUrl: `${issuer}/token/introspection`,
    revocationUrl: `${issuer}/token/revocation`,
    basicClient,
    postClient,
    nativeClientId,
    jwks: { keys: [publicKey] },
    requests,
    async approveDevice(userCode) {
      const code = await findDevice(userCode);
      const scope = (code.params as { scope?: string }).scope ?? 'openid';
      const grantId = await grantFor(String(code.clientId), scope);
      const authTime = Math.floor(Date.now() / 1000);
      Object.assign(code, { accountId: PERSON, grantId, scope, authTime, acr: undefined, amr: undefined });
      await code.save();
    },
    async denyDevice(userCode) {
      const code = await findDevice(userCode);
      Object.assign(code, { error: 'access_denied', errorDescription: 'The person said no' });
      await code.save();
    },
    overrideToken(answer) {
      override = answer;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      await folder.remove();
    },
  };
}

function makeSecret(): string {
  return Buffer.from(randomBytes(24)).toString('base64url');
}

async function makeSigningKey(): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...await exportJWK(privateKey), use: 'sig', alg: 'ES256', kid: 'test' };
}

/** The package prints that it wants a newer Node; what we use of it works on ours. */
async function loadProvider() {
  const { warn } = console;
  console.warn = () => {};
  try {
    const { default: Provider } = await import('oidc-provider');
    const { createMemoryAdapter } = await import('oidc-provider/lib/adapters/memory_adapter.js');
    return { default: Provider, createMemoryAdapter };
  } finally {
    console.warn = warn;
  }
}
