// oidc-provider as the authorization server, driven by a client made of dpopFetch() and nothing else:
// client_credentials, device flow and refresh, for each algorithm, with nonces and without.
import { decodeJwt } from 'jose';
import { Buffer } from 'node:buffer';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  chooseAlgorithm,
  createNonceStore,
  createProof,
  type DpopFetch,
  dpopFetch,
  generateKey,
  type ProofAlgorithm,
  requireDpopToken,
} from '../../src/dpop/mod.ts';
import { randomBytes } from '../../src/encoding/bytes.ts';

const API = 'urn:api';

interface TokenResponse {
  readonly access_token: string;
  readonly token_type: string;
  readonly refresh_token?: string;
}

/** The parts of the server's storage that stand for what happens in a browser, or with time. */
interface Models {
  readonly AccessToken: { find(value: string): Promise<{ destroy(): Promise<void> }> };
  readonly DeviceCode: { findByUserCode(code: string): Promise<{ save(): Promise<string> }> };
  readonly Grant: new (fields: object) => { addOIDCScope(scope: string): void; save(): Promise<string> };
}

/** An authorization server on loopback. */
interface Running {
  readonly issuer: string;
  readonly models: Models;
  readonly statuses: number[];
  close(): Promise<void>;
}

async function start(withNonces: boolean): Promise<Running> {
  let handle: RequestListener = () => {};
  const statuses: number[] = [];
  const server: Server = createServer((request, response) => {
    response.on('finish', () => statuses.push(response.statusCode));
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'robot',
        client_secret: 'secret',
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        dpop_bound_access_tokens: true,
      },
      {
        client_id: 'device',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        redirect_uris: [],
        response_types: [],
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        dpop_bound_access_tokens: true,
      },
    ],
    findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true,
    ttl: { AccessToken: 60, ClientCredentials: 60, DeviceCode: 60, Grant: 60, IdToken: 60, RefreshToken: 60 },
    clockTolerance: 0,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      dPoP: {
        enabled: true,
        ...(withNonces ? { nonceSecret: Buffer.from(randomBytes(32)), requireNonce: () => true } : {}),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_: unknown, __: unknown, resource: unknown) => resource,
        getResourceServerInfo: () => ({ scope: 'api', audience: API, accessTokenFormat: 'jwt', accessTokenTTL: 60 }),
      },
    },
  });
  provider.on('server_error', (_: unknown, error: unknown) => expect.fail(String(error)));
  handle = provider.callback();
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { issuer, models: provider as unknown as Models, statuses, close };
}

const form = (fields: Record<string, string>): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) });

async function tokens(response: Response): Promise<TokenResponse> {
  const body = await response.json();
  expect([response.status, body.error]).toEqual([200, undefined]);
  requireDpopToken(body);
  return body;
}

describe.each([['without nonces', false], ['with nonces', true]])('%s', (_, withNonces) => {
  let as: Running;
  beforeAll(async () => as = await start(withNonces));
  afterAll(() => as.close());
  afterEach(() => void (as.statuses.length = 0));

  const clientOf = async (algorithm: ProofAlgorithm) => {
    const key = await generateKey(algorithm === 'ES256' ? 'ES256' : 'Ed25519');
    const nonces = createNonceStore();
    const shared = { key, origins: [as.issuer], algorithm, allowHttp: true, nonces };
    return { key, shared, token: dpopFetch(fetch, shared) };
  };
  /** A challenge comes before the first answer, where there are nonces at all. */
  const challenged = withNonces ? [400] : [];

  test('chooseAlgorithm() finds a common one in its metadata', async () => {
    const metadata = await (await fetch(`${as.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata.dpop_signing_alg_values_supported).toEqual(expect.arrayContaining(['ES256', 'EdDSA', 'Ed25519']));
    expect(chooseAlgorithm(metadata.dpop_signing_alg_values_supported, 'Ed25519')).toBe('EdDSA');
  });

  test.each<ProofAlgorithm>(['ES256', 'EdDSA', 'Ed25519'])(
    'client_credentials with %s binds the token to the key',
    async (algorithm) => {
      const { key, token } = await clientOf(algorithm);
      const ask = () =>
        token(`${as.issuer}/token`, {
          ...form({ grant_type: 'client_credentials', resource: API, scope: 'api' }),
          headers: { Authorization: `Basic ${btoa('robot:secret')}` },
        });
      // A session without a token leaves Authorization to the client's own authentication.
      const { access_token } = await tokens(await ask());
      expect(decodeJwt(access_token)).toMatchObject({ aud: API, cnf: { jkt: key.thumbprint } });
      await tokens(await ask());
      expect(as.statuses).toEqual([...challenged, 200, 200]);
    },
  );

  test.each<ProofAlgorithm>(['ES256', 'EdDSA', 'Ed25519'])(
    'device flow, userinfo and refresh with %s',
    async (algorithm) => {
      const { key, shared, token } = await clientOf(algorithm);
      const begun =
        await (await fetch(`${as.issuer}/device/auth`, form({ client_id: 'device', scope: 'openid offline_access' })))
          .json();
      const poll = () =>
        token(
          `${as.issuer}/token`,
          form({
            grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
            client_id: 'device',
            device_code: begun.device_code,
          }),
        );
      expect(await (await poll()).json()).toMatchObject({ error: 'authorization_pending' });
      await approve(begun.user_code);
      const first = await tokens(await poll());

      const api: DpopFetch = dpopFetch(fetch, { ...shared, accessToken: first.access_token });
      as.statuses.length = 0;
      expect(await (await api(`${as.issuer}/me`)).json()).toEqual({ sub: 'owner' });
      expect(await (await api(`${as.issuer}/me`)).json()).toEqual({ sub: 'owner' });
      // Nonces of the two roles are apart: the resource has its own challenge.
      expect(as.statuses).toEqual([...(withNonces ? [401] : []), 200, 200]);
      const bearer = await fetch(`${as.issuer}/me`, { headers: { Authorization: `Bearer ${first.access_token}` } });
      expect(bearer.status).toBe(401);

      const refreshed = await tokens(
        await token(
          `${as.issuer}/token`,
          form({ grant_type: 'refresh_token', client_id: 'device', refresh_token: first.refresh_token! }),
        ),
      );
      expect(
        await (await dpopFetch(fetch, { ...shared, accessToken: refreshed.access_token })(`${as.issuer}/me`)).json(),
      ).toEqual({ sub: 'owner' });
      // Another key gets nothing for the refresh token.
      const thief = await clientOf(algorithm);
      const stolen = await thief.token(
        `${as.issuer}/token`,
        form({
          grant_type: 'refresh_token',
          client_id: 'device',
          refresh_token: refreshed.refresh_token ?? first.refresh_token!,
        }),
      );
      expect([stolen.status, (await stolen.json()).error]).toEqual([400, 'invalid_grant']);
      expect(thief.key.thumbprint).not.toBe(key.thumbprint);
    },
  );

  test('a token that the server has forgotten is refreshed once', async () => {
    const { shared, token } = await clientOf('ES256');
    const begun =
      await (await fetch(`${as.issuer}/device/auth`, form({ client_id: 'device', scope: 'openid offline_access' })))
        .json();
    await approve(begun.user_code);
    const first = await tokens(
      await token(
        `${as.issuer}/token`,
        form({
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          client_id: 'device',
          device_code: begun.device_code,
        }),
      ),
    );
    await (await as.models.AccessToken.find(first.access_token)).destroy();
    let refreshes = 0;
    const api = dpopFetch(fetch, { ...shared, accessToken: first.access_token }, {
      refresh: async () => {
        refreshes++;
        return (await tokens(
          await token(
            `${as.issuer}/token`,
            form({ grant_type: 'refresh_token', client_id: 'device', refresh_token: first.refresh_token! }),
          ),
        )).access_token;
      },
    });
    expect(await Promise.all([1, 2, 3].map(async () => (await (await api(`${as.issuer}/me`)).json()).sub))).toEqual(
      Array(3).fill('owner'),
    );
    expect(refreshes).toBe(1);
  });

  test('a proof that is sent twice is refused as a dead grant: dpopFetch() never sends one twice', async () => {
    const { key, shared } = await clientOf('ES256');
    const nonce = withNonces ? await nonceOf(`${as.issuer}/token`, key) : undefined;
    const proof = await createProof(shared.key, { method: 'POST', url: `${as.issuer}/token`, nonce });
    const send = () =>
      fetch(`${as.issuer}/token`, {
        ...form({ grant_type: 'client_credentials', resource: API, scope: 'api' }),
        headers: { Authorization: `Basic ${btoa('robot:secret')}`, DPoP: proof },
      });
    expect((await send()).status).toBe(200);
    expect(await (await send()).json()).toMatchObject({ error: 'invalid_grant' });
  });

  /** What the owner's approval in a browser comes to. */
  async function approve(userCode: string): Promise<void> {
    const { DeviceCode, Grant } = as.models;
    const code = await DeviceCode.findByUserCode(userCode.replace('-', ''));
    const grant = new Grant({ accountId: 'owner', clientId: 'device' });
    grant.addOIDCScope('openid offline_access');
    Object.assign(code, {
      accountId: 'owner',
      grantId: await grant.save(),
      scope: 'openid offline_access',
      claims: {},
      authTime: Math.floor(Date.now() / 1000),
    });
    await code.save();
  }

  async function nonceOf(url: string, key: Awaited<ReturnType<typeof generateKey>>): Promise<string> {
    const response = await fetch(url, {
      ...form({ grant_type: 'client_credentials' }),
      headers: {
        Authorization: `Basic ${btoa('robot:secret')}`,
        DPoP: await createProof(key, { method: 'POST', url }),
      },
    });
    await response.body?.cancel();
    return response.headers.get('dpop-nonce')!;
  }
});
