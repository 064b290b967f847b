import { expect, test } from 'vitest';
import { createAgent } from '../../../src/agent_id/agent.ts';
import { callService } from '../../../src/agent_id/call.ts';
import { makeAgentWorld } from '../../_lib/agent.ts';
import { sendTo } from '../../_lib/alien_sso.ts';
import { findLeaks } from '../../_lib/canary.ts';

const WHOAMI = { url: 'https://sso.example/api/v1/whoami' };
const tokenCalls = (log: readonly string[]) => log.filter((line) => line === 'POST /oauth/token').length;

test('bootstrap() logs in once; the session is bound to the key and may go nowhere yet', async () => {
  const { agent, alien, sso } = await makeAgentWorld();
  const { session, already } = await agent.bootstrap(alien);
  const { key } = await agent.read();
  expect(already).toBe(false);
  expect(session).toMatchObject({ jkt: key!.thumbprint, subject: 'owner-1', allowedOrigins: [], algorithm: 'EdDSA' });
  expect(key!.privateKey.extractable).toBe(false);
  const asked = sso.log.length;
  expect(await agent.bootstrap(alien)).toMatchObject({ already: true, session: { jkt: session.jkt } });
  expect(sso.log.length).toBe(asked);
});

test('the vault holds no token and no key in the clear, and records print no token', async () => {
  const { agent, alien, vault } = await makeAgentWorld();
  const { session } = await agent.bootstrap(alien);
  const { value } = (await vault.open('agent/session'))!;
  const { accessToken } = value as { accessToken: string };
  expect(accessToken).toMatch(/^ey/);
  expect(findLeaks(accessToken, { shown: JSON.stringify(session) })).toEqual([]);
});

test('withSigning() needs a bootstrap', async () => {
  const { agent } = await makeAgentWorld();
  await expect(agent.withSigning(() => Promise.resolve(1))).rejects.toMatchObject({
    code: 'E_LOGIN_REQUIRED',
    hint: 'agent-id bootstrap',
  });
  await expect(agent.refresh()).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(await agent.allow(['https://a.example'])).toBeUndefined();
});

test('a token that is about to expire is renewed before it is used, with the same key', async () => {
  const { agent, alien, sso, clock, ports } = await makeAgentWorld();
  const { session } = await agent.bootstrap(alien);
  await agent.allow(['https://sso.example']);
  clock.advance(839_000);
  await agent.withSigning((signing) => callService(WHOAMI, signing, ports));
  expect(tokenCalls(sso.log)).toBe(1);
  clock.advance(2_000);
  const result = await agent.withSigning((signing) => callService(WHOAMI, signing, ports));
  expect(result).toMatchObject({ status: 200, body: { jkt: session.jkt } });
  expect(tokenCalls(sso.log)).toBe(2);
});

test('D12: requests that meet a refused token share one refresh, and other processes find its result', async () => {
  const { agent, alien, sso, vault, ports } = await makeAgentWorld({ rotates: true });
  await agent.bootstrap(alien);
  await agent.allow(['https://sso.example']);
  sso.endTokens();
  const others = Array.from({ length: 4 }, () => createAgent(vault, ports));
  const results = await Promise.all(
    [agent, ...others].map((one) => one.withSigning((signing) => callService(WHOAMI, signing, ports))),
  );
  expect(results.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(tokenCalls(sso.log)).toBe(2);
});

test('a refresh that fails for a moment, or is refused, leaves the session as it is', async () => {
  const { agent, alien, sso } = await makeAgentWorld();
  await agent.bootstrap(alien);
  const before = (await agent.read()).session!;
  for (const tokenStatus of [503, 429, 500]) {
    sso.switches.tokenStatus = tokenStatus;
    await expect(agent.refresh()).rejects.toMatchObject({ code: 'E_UPSTREAM' });
  }
  delete sso.switches.tokenStatus;
  sso.switches.subject = 'somebody-else';
  await expect(agent.refresh()).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
    message: expect.stringMatching(/person/),
  });
  sso.switches.tokenType = 'Bearer';
  await expect(agent.refresh()).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  const after = (await agent.read()).session!;
  expect(after.accessToken.reveal()).toBe(before.accessToken.reveal());
});

test('a token without end that cannot be renewed is used; one that has ended is not', async () => {
  const { agent, alien, vault, clock, ports } = await makeAgentWorld();
  await agent.bootstrap(alien);
  await agent.allow(['https://sso.example']);
  await vault.update('agent/session', (current) => {
    const { refreshToken: _, ...rest } = current!.value as Record<string, unknown>;
    return rest;
  });
  clock.advance(850_000);
  expect((await agent.withSigning((signing) => callService(WHOAMI, signing, ports))).status).toBe(200);
  clock.advance(60_000);
  await expect(agent.withSigning(() => Promise.resolve(1))).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
});

test('logout() forgets the session, tells the server and keeps the key', async () => {
  const { agent, alien, sso } = await makeAgentWorld();
  const { session } = await agent.bootstrap(alien);
  expect(await agent.logout()).toEqual({ revoked: true });
  expect(sso.log).toContain('POST /oauth/revoke');
  const left = await agent.read();
  expect([left.key?.thumbprint, left.session]).toEqual([session.jkt, undefined]);
  expect(await agent.logout()).toEqual({ revoked: false });
});

test('logout() works where the server is gone', async () => {
  const { agent, alien, sso, vault, ports } = await makeAgentWorld();
  await agent.bootstrap(alien);
  const offline = createAgent(vault, { ...ports, send: () => Promise.reject(new Error('net')) });
  expect(await offline.logout()).toEqual({ revoked: false });
  expect(sso.log).not.toContain('POST /oauth/revoke');
  expect((await agent.read()).session).toBeUndefined();
});

test('nonces outlive the process: the next one needs no retry', async () => {
  const { agent, alien, vault, ports, sso } = await makeAgentWorld({ nonces: 'required' });
  await agent.bootstrap(alien);
  await agent.allow(['https://sso.example']);
  const first = await agent.withSigning((signing) => callService(WHOAMI, signing, ports));
  expect(first).toMatchObject({ status: 200, attempts: 2, nonceRetry: true });
  const later = createAgent(vault, { ...ports, send: sendTo(sso) });
  const second = await later.withSigning((signing) => callService(WHOAMI, signing, ports));
  expect(second).toMatchObject({ status: 200, attempts: 1, nonceRetry: false });
});

test('adopt() takes an identity over once', async () => {
  const { agent, alien } = await makeAgentWorld();
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  };
  await agent.adopt({ jwk });
  await expect(agent.adopt({ jwk })).rejects.toMatchObject({ code: 'E_EXISTS' });
  expect((await agent.bootstrap(alien)).session.jkt).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});
