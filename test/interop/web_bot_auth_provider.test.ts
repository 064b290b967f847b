/** A provider that says `sign: web-bot-auth`: what really arrived is judged by the npm packages that sites run. */
import { createVerifier, httpbis } from 'http-message-signatures';
import { createPublicKey } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import * as theirs from 'web-bot-auth';
import { verifierFromJWK } from 'web-bot-auth/crypto';
import { findLeaks } from '../_lib/canary.ts';
import { needCommands } from '../_lib/command.ts';
import { useServer } from '../_lib/lab.ts';
import type { ReceivedRequest } from '../_lib/tls_server.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

vi.setConfig({ testTimeout: 150_000 });

const AGENT = 'https://bot.example';

async function setUp(form?: string) {
  const server = await useServer();
  const config = (strategy: string) =>
    `providers:
  shop:
    domains: ['localhost:${server.port}']
${strategy}
    sign: web-bot-auth
    signatureAgent: ${AGENT}
${form === undefined ? '' : `    signatureAgentForm: ${form}\n`}`;
  const world = await useWorld(config('    strategy: key'), { SIG_EXTRA_CA: server.caFile });
  const directory = async () => {
    const { stdout, code } = await world.sig(['get', 'shop', '--format', 'directory']);
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { keys: [JsonWebKey & { kid: string }] }).keys[0];
  };
  const asSent = ({ method, path, headers }: ReceivedRequest) =>
    new Request(server.origin + path, { method, headers: headers as [string, string][] });
  return { server, world, config, directory, asSent };
}

test('web-bot-auth takes what sig request and curl behind the proxy send in the older form', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const { server, world, directory, asSent } = await setUp('legacy-string');
  expect(await world.sig(['request', server.origin])).toMatchObject({ code: 4 });
  expect(await world.sig(['login', 'shop'])).toMatchObject({ code: 0 });
  const verifier = await verifierFromJWK(await directory() as never);
  await world.sig(['request', `${server.origin}/a?b=c`, '-X', 'PUT', '-d', '{}']);
  const line = `${curl} -sSf ${server.origin}/c?d && ${curl} -sSf -d x -H 'Signature: own=:AAAA:' ${server.origin}/e`;
  expect(await world.sig(['run', 'shop', '--', '/bin/sh', '-c', line])).toMatchObject({ code: 0 });
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['PUT /a?b=c', 'GET /c?d', 'POST /e']);
  for (const received of server.requests) {
    const request = asSent(received);
    await expect(theirs.verify(request, verifier)).resolves.toBeUndefined();
    expect(request.headers.get('signature-agent')).toBe(`"${AGENT}"`);
    const moved = new Request('https://other.example/', { method: request.method, headers: request.headers });
    await expect(theirs.verify(moved, verifier)).rejects.toThrow();
  }
});

test('http-message-signatures takes the dictionary form, of a provider that also sends a token', async () => {
  const { server, world, directory, config } = await setUp();
  const token = tokenProvider('x').split('\n').slice(2).join('\n').trimEnd();
  await world.writeConfig(config(token));
  // As one who was logged in before the entry said so: nobody has to log in again.
  await world.logIn('shop', { token: 'pasted-token' });
  const jwk = await directory();
  await world.sig(['request', `${server.origin}/a?b=c`]);
  const [received] = server.requests;
  expect(received!.header('authorization')).toBe('Bearer pasted-token');
  const verify = createVerifier(createPublicKey({ key: jwk as never, format: 'jwk' }), 'ed25519');
  const headers = Object.fromEntries(received!.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const keyLookup = (parameters: { keyid?: string }) =>
    Promise.resolve(parameters.keyid === jwk.kid ? { id: jwk.kid, algs: ['ed25519'], verify } : null);
  const url = server.origin + received!.path;
  expect(await httpbis.verifyMessage({ keyLookup } as never, { method: 'GET', url, headers })).toBe(true);
  await expect(httpbis.verifyMessage({ keyLookup } as never, { method: 'POST', url, headers })).resolves.toBe(false);
});

test('the key stays over logins, is named by status, and goes with a logout', async () => {
  const { world, directory } = await setUp();
  await world.sig(['login', 'shop']);
  const first = await directory();
  const { d } = (await world.credentials.open('shop'))!.keys!.webBotAuth!.reveal();
  await world.sig(['login', 'shop']);
  expect(await directory()).toEqual(first);
  const status = await world.sig(['status', 'shop']);
  expect(JSON.parse(status.stdout)).toMatchObject({ strategy: 'key', valid: true, keys: { webBotAuth: first.kid } });
  expect(findLeaks(d!, { status: status.stdout, directory: JSON.stringify(first) })).toEqual([]);
  await world.sig(['logout', 'shop']);
  expect(await world.sig(['status', 'shop'])).toMatchObject({ code: 4 });
  await world.sig(['login', 'shop']);
  expect((await directory()).kid).not.toBe(first.kid);
});

test('login makes a provider whose login is a key', async () => {
  const { world, server } = await setUp();
  await world.writeConfig('providers: {}\n');
  const login = (...args: string[]) => world.sig(['login', server.origin, '--strategy', 'key', ...args]);
  expect(await login()).toMatchObject({ code: 2, stderr: expect.stringContaining('--signature-agent') });
  expect(await login('--signature-agent', 'http://bot.example/keys')).toMatchObject({ code: 2 });
  expect(await login('--signature-agent', AGENT, '--as', 'shop')).toMatchObject({ code: 0 });
  expect(await world.sig(['request', server.origin])).toMatchObject({ code: 0 });
  expect(server.requests[0]!.header('signature-input')).toContain('tag="web-bot-auth"');
  const explained = JSON.parse((await world.sig(['explain', server.origin, '--json'])).stdout);
  expect(explained.adds).toEqual(['header Signature-Agent', 'header Signature-Input', 'header Signature']);
});
