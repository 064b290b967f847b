/** A provider that says `dpop: true`: oidc-provider gives the tokens, oauth4webapi judges the requests. */
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, test, vi } from 'vitest';
import { createSend } from '../../cli/platform/send.ts';
import { timer } from '../../cli/platform/timer.ts';
import { exportKey, generateKey } from '../../src/encoding/signing_key.ts';
import { login } from '../../src/login/login.ts';
import { createRenewal } from '../../src/login/renew.ts';
import { Secret } from '../../src/secret.ts';
import { createSig } from '../../src/sig/create_sig.ts';
import { findLeaks } from '../_lib/canary.ts';
import { needCommands } from '../_lib/command.ts';
import { API_AUDIENCE, type DpopApi, type DpopApiOptions, useDpopApi, useExpressApi } from '../_lib/dpop_api.ts';
import { memoryAudit } from '../_lib/fixture.ts';
import { useIssuer, useServer } from '../_lib/lab.ts';
import type { IssuerOptions } from '../_lib/oidc.ts';
import { useWorld } from '../_lib/world.ts';

// Some start ten processes one after another.
vi.setConfig({ testTimeout: 150_000 });

async function setUp(issuerOptions: IssuerOptions = {}, apiOptions: DpopApiOptions = {}) {
  const issuer = await useIssuer({ dpop: true, jwtAudience: API_AUDIENCE, ...issuerOptions });
  const api = await useDpopApi(issuer, apiOptions);
  const config = `providers:
  api:
    domains: ['localhost:${api.server.port}']
    strategy: oauth2
    issuer: ${issuer.issuer}
    dpop: true
`;
  const world = await useWorld(config, { SIG_EXTRA_CA: issuer.caFile });
  const { id, secret } = issuer.basicClient;
  const logIn = () => world.sig(['login', 'api', '--client-id', id, '--client-secret-stdin'], { stdin: secret });
  expect(await logIn()).toMatchObject({ code: 0 });
  const tokenCalls = () => issuer.requests.filter(({ path }) => path === '/token').map(({ status }) => status);
  const expire = () => world.credentials.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 1 }));
  return { issuer, api, world, url: api.server.origin, logIn, tokenCalls, expire };
}
const facts = (api: DpopApi) => api.taken.map(({ method, path, body }) => [method, path, body]);

test.each(
  [
    ['ES256', undefined],
    ['EdDSA', undefined],
    ['Ed25519', undefined],
    ['ES256', 1],
    ['EdDSA', 2],
  ] as const,
)('D2, D3, D4: sig request with %s, nonces of the API: %s', async (algorithm, nonceEvery) => {
  const { api, world, url } = await setUp(
    { dpopAlgorithms: [algorithm], requiresDpopNonce: nonceEvery !== undefined },
    nonceEvery === undefined ? {} : { nonceEvery },
  );
  for (const args of [[`${url}/a?b=c`], ['-X', 'DELETE', `${url}/%7Ea/`], ['-d', '{"x":1}', `${url}/p`]]) {
    expect(await world.sig(['request', ...args])).toMatchObject({ code: 0, stderr: '' });
  }
  expect(facts(api)).toEqual([['GET', '/a?b=c', ''], ['DELETE', '/%7Ea/', ''], ['POST', '/p', '{"x":1}']]);
  const { keys } = JSON.parse((await world.sig(['status', 'api'])).stdout);
  expect(new Set(api.taken.map(({ jkt }) => jkt))).toEqual(new Set([keys.dpop]));
  expect(new Set(api.refused)).toEqual(new Set(nonceEvery === undefined ? [] : ['use_dpop_nonce']));
});

test('createSig().fetch signs, follows nonces, and renews a refused token once with the same key', async () => {
  const { issuer, api, world, url, tokenCalls } = await setUp({ requiresDpopNonce: true }, { nonceEvery: 4 });
  const env = (name: string) => name === 'SIG_EXTRA_CA' ? issuer.caFile : undefined;
  const [clock, send] = [{ now: () => Date.now() }, createSend({ env })];
  const { credentials } = world;
  const renew = createRenewal({ send, clock, env });
  const sig = createSig({ providers: await world.providers(), credentials, send, renew, audit: memoryAudit(), clock });
  const call = async (init?: RequestInit) => {
    const response = await sig.fetch(new Request(`${url}/f?q=1`, init));
    await response.body?.cancel();
    return response.status;
  };
  for (let i = 0; i < 4; i++) expect(await call({ method: 'PUT', body: `body ${i}` })).toBe(200);
  expect(api.refused).toEqual(['use_dpop_nonce']);
  const before = tokenCalls().length;
  api.refuse(api.taken[0]!.token);
  const statuses = await Promise.all(Array.from({ length: 5 }, () => call()));
  expect(statuses).toEqual(Array(5).fill(200));
  expect(tokenCalls().slice(before).filter((status) => status === 200)).toHaveLength(1);
  expect(new Set(api.taken.map(({ token }) => token)).size).toBe(2);
  expect(new Set(api.taken.map(({ jkt }) => jkt)).size).toBe(1);
});

test('D12: through the proxy a plain request of curl is signed, and a dead token is renewed under it', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const { api, world, url, tokenCalls } = await setUp({ requiresDpopNonce: true }, { nonceEvery: 2 });
  const line = [
    `${curl} -sSf ${url}/a/../b?c --path-as-is`,
    `${curl} -sSf -d posted ${url}/p`,
    `${curl} -sSf -X PATCH -d patched -H 'DPoP: own' -H 'Authorization: own' ${url}/q`,
  ].join(' && ');
  const result = await world.sig(['run', 'api', '--', '/bin/sh', '-c', line]);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(facts(api)).toEqual([['GET', '/a/../b?c', ''], ['POST', '/p', 'posted'], ['PATCH', '/q', 'patched']]);
  expect(findLeaks(api.taken[0]!.token, { out: result.stdout })).toEqual([]);
  const before = tokenCalls().length;
  api.refuse(api.taken[0]!.token);
  expect(await world.sig(['run', 'api', '--', curl!, '-sSf', '-d', 'again', `${url}/r`])).toMatchObject({ code: 0 });
  expect(facts(api).at(-1)).toEqual(['POST', '/r', 'again']);
  expect(tokenCalls().slice(before).filter((status) => status === 200)).toHaveLength(1);
  expect(new Set(api.taken.map(({ jkt }) => jkt)).size).toBe(1);
});

test('express-oauth2-dpop takes what sig request and curl behind the proxy send, each with a nonce', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const issuer = await useIssuer({ dpop: true, jwtAudience: API_AUDIENCE });
  const api = await useExpressApi(issuer);
  const world = await useWorld(
    `providers:
  api:
    domains: ['localhost:${api.port}']
    allowHttp: true
    strategy: oauth2
    tokenUrl: ${issuer.tokenUrl}
    dpop: true
    apply: [{ in: header, name: Authorization, value: 'Bearer \${access_token}' }]
`,
    { SIG_EXTRA_CA: issuer.caFile },
  );
  const { id, secret } = issuer.basicClient;
  await world.sig(['login', 'api', '--client-id', id, '--client-secret-stdin'], { stdin: secret });
  const url = `http://localhost:${api.port}`;
  expect(await world.sig(['request', `${url}/a/b?c=d`])).toMatchObject({ code: 0, stdout: '{"taken":"GET /a/b"}' });
  expect(await world.sig(['request', '-d', '{}', `${url}/%7Ea`])).toMatchObject({ stdout: '{"taken":"POST /%7Ea"}' });
  const line = `for i in 1 2 3; do ${curl} -sSf ${url}/$i; done`;
  const looped = await world.sig(['run', 'api', '--', '/bin/sh', '-c', line]);
  expect(looped).toMatchObject({ code: 0, stdout: '{"taken":"GET /1"}{"taken":"GET /2"}{"taken":"GET /3"}' });
  // The first command learns a nonce for the second; a proxy learns its own.
  expect(api.counts).toEqual({ taken: 5, refused: 2 });
  // What cannot be held goes out once: the nonce is there by now.
  const large = await world.sig(['request', '-X', 'PUT', '-d', '@-', `${url}/large`], {
    stdin: 'x'.repeat(3_000_000),
  });
  expect(large).toMatchObject({ code: 0, stdout: '{"taken":"PUT /large"}' });
});

test('a login with a person is bound too, and its refresh token is good with the same key alone', async () => {
  const issuer = await useIssuer({ dpop: true, requiresDpopNonce: true, rotatesRefreshTokens: true });
  const server = await useServer();
  const world = await useWorld(
    `providers:
  api:
    domains: ['localhost:${server.port}']
    strategy: oauth2
    grant: device_code
    issuer: ${issuer.issuer}
    clientId: ${issuer.nativeClientId}
    scopes: [openid, offline_access]
    dpop: true
`,
    { SIG_EXTRA_CA: issuer.caFile },
  );
  const env = (name: string) => name === 'SIG_EXTRA_CA' ? issuer.caFile : undefined;
  const refuse = () => Promise.reject(new Error('nobody is there'));
  await login((await world.providers()).get('api')!, {
    send: createSend({ env }),
    clock: { now: () => Date.now() },
    env,
    credentials: world.credentials,
    prompt: { line: refuse, secret: refuse, confirm: refuse },
    audit: memoryAudit(),
    person: { timer, listen: refuse, invite: ({ code }) => issuer.approveDevice(code!) },
  });
  const first = (await world.credentials.open('api'))!;
  const other = new Secret({ ...await exportKey(await generateKey('ES256', { extractable: true })), alg: 'ES256' });
  await world.credentials.seal({ ...first, expiresAtSec: 1, keys: { dpop: other } });
  expect(await world.sig(['request', server.origin])).toMatchObject({ code: 4 });
  await world.credentials.seal({ ...first, expiresAtSec: 1 });
  expect(await world.sig(['request', server.origin])).toMatchObject({ code: 0 });
  const second = (await world.credentials.open('api'))!;
  expect(second.keys!.dpop!.reveal()).toEqual(first.keys!.dpop!.reveal());
  expect(second.oauth2!.refreshToken!.reveal()).not.toBe(first.oauth2!.refreshToken!.reveal());
  expect(server.requests).toHaveLength(1);
});

test('the key stays when the token is renewed, and a new login has another', async () => {
  const { api, world, url, logIn, expire } = await setUp();
  await world.sig(['request', `${url}/1`]);
  await expire();
  await world.sig(['request', `${url}/2`]);
  await logIn();
  await world.sig(['request', `${url}/3`]);
  const [first, second, third] = api.taken;
  expect([second!.token === first!.token, second!.jkt === first!.jkt]).toEqual([false, true]);
  expect(third!.jkt).not.toBe(first!.jkt);
});

test('D13: a server that answers with a Bearer token is refused, and the old token is kept', async () => {
  const { issuer, api, world, url, expire } = await setUp();
  await world.sig(['request', `${url}/1`]);
  const before = await world.credentials.open('api');
  issuer.overrideToken((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ access_token: 'downgraded', token_type: 'Bearer', expires_in: 60 }));
  });
  await expire();
  const refused = await world.sig(['request', `${url}/2`, '--json']);
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout || refused.stderr).error.code).toBe('E_TOKEN_RESPONSE');
  const after = await world.credentials.open('api');
  expect(after!.values.access_token!.reveal()).toBe(before!.values.access_token!.reveal());
  issuer.overrideToken(undefined);
  expect(await world.sig(['request', `${url}/3`])).toMatchObject({ code: 0 });
  expect(api.server.requests.map(({ path }) => path)).toEqual(['/1', '/3']);
});

test('D14: an API that asks for a client certificate is shown none, and no key of ours', async () => {
  const issuer = await useIssuer({ dpop: true });
  const shown: unknown[] = [];
  const server = await useServer({
    asksClientCertificate: true,
    handler: (_, socket) => {
      shown.push((socket as TLSSocket).getPeerCertificate());
      return { body: 'ok' };
    },
  });
  const world = await useWorld(
    `providers:
  api:
    domains: ['localhost:${server.port}']
    strategy: oauth2
    issuer: ${issuer.issuer}
    dpop: true
`,
    { SIG_EXTRA_CA: issuer.caFile },
  );
  const { id, secret } = issuer.basicClient;
  await world.sig(['login', 'api', '--client-id', id, '--client-secret-stdin'], { stdin: secret });
  expect(await world.sig(['request', server.origin])).toMatchObject({ code: 0, stdout: 'ok' });
  const strict = await useServer({ wantsClientCertificate: true });
  const foreign = await world.sig(['request', strict.origin]);
  expect(foreign.code).toBe(3);
  expect([shown, strict.requests]).toEqual([[{}], []]);
});

test('D14: a vault key that others may read is refused, and nothing is sent', async () => {
  const { api, world, url } = await setUp();
  const before = api.server.requests.length;
  await chmod(join(world.home, 'key'), 0o644);
  const refused = await world.sig(['request', `${url}/`]);
  expect([refused.code === 0, refused.stderr.includes('mode 644')]).toEqual([false, true]);
  expect(api.server.requests).toHaveLength(before);
});

test('D10: the private key is in no output, file, log or request', async () => {
  const { api, world, url } = await setUp();
  const { d } = (await world.credentials.open('api'))!.keys!.dpop!.reveal();
  const sinks: Record<string, string | Uint8Array> = {};
  const commands = [
    ['request', `${url}/`, '--verbose', '--format', 'json'],
    ['status', 'api', '--json'],
    ['get', 'api'],
    ['get', 'api', '--no-redaction', '--format', 'header'],
    ['explain', `${url}/`, '--json'],
    ['audit', 'list', '--json'],
    ['run', 'api', '--', 'env'],
    ['doctor', '--json'],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await world.sig(args);
    Object.assign(sinks, { [`${args.join(' ')} stdout`]: stdout, [`${args.join(' ')} stderr`]: stderr });
  }
  for (const entry of await readdir(world.home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    sinks[path] = await readFile(path);
  }
  sinks.wire = api.server.bytes();
  expect(findLeaks(d!, sinks)).toEqual([]);
  const explained = JSON.parse(sinks[`explain ${url}/ --json stdout`] as string);
  expect(explained.adds).toEqual(['header Authorization', 'header DPoP']);
});
