import { expect, test } from 'vitest';
import { callService } from '../../src/agent_id/call.ts';
import { type AgentWorld, makeAgentWorld } from '../_lib/agent.ts';
import type { AlienSwitches } from '../_lib/alien_sso.ts';

const WHOAMI = { url: 'https://sso.example/api/v1/whoami' };

async function loggedIn(switches: AlienSwitches): Promise<AgentWorld> {
  const world = await makeAgentWorld(switches);
  await world.agent.bootstrap(world.alien);
  await world.agent.allow(['https://sso.example']);
  return world;
}

const whoami = ({ agent, ports }: AgentWorld) => agent.withSigning((signing) => callService(WHOAMI, signing, ports));
const failing = async (switches: AlienSwitches) => {
  const { agent, alien } = await makeAgentWorld(switches);
  return await agent.bootstrap(alien).then(() => undefined, (error) => error);
};

test('nonces "required": one retry, then none', async () => {
  const world = await loggedIn({ nonces: 'required' });
  expect(await whoami(world)).toMatchObject({ status: 200, attempts: 2, nonceRetry: true });
  expect(await whoami(world)).toMatchObject({ status: 200, attempts: 1 });
});

test('nonces "each": the next one comes with every answer', async () => {
  const world = await loggedIn({ nonces: 'each' });
  await whoami(world);
  expect(await whoami(world)).toMatchObject({ status: 200, attempts: 1 });
});

test('nonces "minute": a new one each minute', async () => {
  const world = await loggedIn({ nonces: 'minute' });
  await whoami(world);
  world.clock.advance(60_000);
  expect(await whoami(world)).toMatchObject({ status: 200, attempts: 2, nonceRetry: true });
});

test('D6: nonces "endless": two requests and no more', async () => {
  const { agent, alien, sso } = await makeAgentWorld({ nonces: 'endless' });
  await expect(agent.bootstrap(alien)).rejects.toMatchObject({ code: 'E_DPOP_NONCE' });
  expect(sso.log.filter((line) => line === 'POST /oauth/token')).toHaveLength(2);
});

test('rotates: each refresh token is taken once; our client never shows an old one', async () => {
  const { agent } = await loggedIn({ rotates: true });
  const tokens = [];
  for (let i = 0; i < 3; i++) tokens.push((await agent.refresh()).refreshToken!.reveal());
  expect(new Set(tokens).size).toBe(3);
});

test('rotates: an old refresh token ends the session', async () => {
  const { agent, vault } = await loggedIn({ rotates: true });
  const old = (await vault.open('agent/session'))!.value;
  await agent.refresh();
  await vault.seal('agent/session', old);
  await expect(agent.refresh()).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
});

test('without rotation the refresh token stays', async () => {
  const { agent } = await loggedIn({});
  expect((await agent.refresh()).refreshToken!.reveal()).toBe((await agent.refresh()).refreshToken!.reveal());
});

test('D8: clockOffsetMs: a clock that is minutes apart is learnt', async () => {
  const world = await makeAgentWorld({ clockOffsetMs: 120_000 });
  // Its id_tokens are of its own time: the login stays within what they allow.
  await world.agent.bootstrap(world.alien);
  await world.agent.allow(['https://sso.example']);
  expect(await whoami(world)).toMatchObject({ status: 200 });
});

test('D8: clockOffsetMs: half an hour is too much', async () => {
  expect(await failing({ clockOffsetMs: 1_800_000 })).toMatchObject({ code: 'E_CLOCK' });
});

test('D13: tokenType: a bearer token is refused', async () => {
  expect(await failing({ tokenType: 'Bearer' })).toMatchObject({ code: 'E_TOKEN_RESPONSE' });
});

test('opaqueTokens: they work, and their end is that of expires_in', async () => {
  const world = await loggedIn({ opaqueTokens: true });
  expect((await world.agent.read()).session!.expiresAtSec).toBe(world.clock.now() / 1000 + 900);
  expect(await whoami(world)).toMatchObject({ status: 200 });
});

test('expiresInSec null: the end is that of the token itself', async () => {
  const world = await loggedIn({ expiresInSec: null });
  expect((await world.agent.read()).session!.expiresAtSec).toBe(world.clock.now() / 1000 + 900);
});

test.each(
  [
    ['issuer', { issuer: 'https://evil.example' }, 'E_TOKEN_RESPONSE'],
    ['state', { state: 'other' }, 'E_TOKEN_RESPONSE'],
    ['nonce', { nonce: 'other' }, 'E_TOKEN_RESPONSE'],
    ['jkt', { jkt: 'other' }, 'E_TOKEN_RESPONSE'],
    ['decision rejected', { decision: 'rejected' }, 'E_LOGIN_FAILED'],
    ['decision expired', { decision: 'expired' }, 'E_LOGIN_FAILED'],
    ['refusesProofs', { refusesProofs: true }, 'E_LOGIN_FAILED'],
    ['tokenStatus', { tokenStatus: 503 }, 'E_UPSTREAM'],
    ['origins', { origins: ['https://other.example'] }, 'E_LOGIN_FAILED'],
    ['deepLink', { deepLink: 'javascript:1' }, 'E_TOKEN_RESPONSE'],
  ] as const,
)('the switch %s ends the login', async (_name, switches, code) => {
  expect(await failing(switches)).toMatchObject({ code });
});

test('the service takes each proof once', async () => {
  const world = await loggedIn({});
  await whoami(world);
  const [accepted] = world.sso.accepted;
  expect((await world.sso.handle(accepted!)).status).toBe(401);
});
