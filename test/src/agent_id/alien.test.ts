import { expect, test } from 'vitest';
import { requireLink, requireSubject } from '../../../src/agent_id/alien.ts';
import { SigError } from '../../../src/errors.ts';
import { createAgent } from '../../../src/agent_id/agent.ts';
import { makeAgentWorld } from '../../_lib/agent.ts';

test('the login asks, shows the link and polls until the owner decided', async () => {
  const { agent, alien, sso, shown, waits } = await makeAgentWorld({ pendingPolls: 2 });
  await agent.bootstrap(alien);
  expect(shown).toEqual([[expect.stringMatching(/^alien:\/\/authorize\//)]]);
  expect(waits).toEqual([3000, 3000]);
  expect(sso.log).toEqual([
    'GET /.well-known/openid-configuration',
    'GET /oauth/authorize',
    'POST /oauth/poll',
    'POST /oauth/poll',
    'POST /oauth/poll',
    'POST /oauth/token',
    'GET /oauth/jwks',
  ]);
});

test('the owner may take so long and no longer', async () => {
  const { agent, alien, clock } = await makeAgentWorld({ pendingPolls: 1e6 });
  const startedMs = clock.now();
  await expect(agent.bootstrap({ ...alien, timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  expect(clock.now() - startedMs).toBe(60_000);
});

test('a network that fails for a moment does not end the poll', async () => {
  const { alien, ports, vault } = await makeAgentWorld({ pendingPolls: 1 });
  let failures = 0;
  const send: typeof ports.send = async (head, body, options) => {
    if (head.path === '/oauth/poll' && failures++ < 3) throw new SigError('E_UPSTREAM', 'net');
    return await ports.send(head, body, options);
  };
  expect((await createAgent(vault, { ...ports, send }).bootstrap(alien)).already).toBe(false);
});

test('an origin that the server does not know is tried once more as the default one', async () => {
  const { agent, alien, sso } = await makeAgentWorld();
  await agent.bootstrap({ ...alien, oidcOrigin: 'https://mine.example' } as typeof alien);
  expect(sso.log.filter((line) => line === 'GET /oauth/authorize')).toHaveLength(2);
});

test('nothing is stored of a login that failed, but the key', async () => {
  const { agent, alien, sso } = await makeAgentWorld({ decision: 'rejected' });
  await expect(agent.bootstrap(alien)).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  const { key, session } = await agent.read();
  expect(session).toBeUndefined();
  sso.switches.decision = 'authorized';
  expect((await agent.bootstrap(alien)).session.jkt).toBe(key!.thumbprint);
});

test('B18: requireLink() takes links that do nothing by themselves', () => {
  for (const link of ['alien://x', 'https://a.example/?q=$(id)']) expect(requireLink(link)).toBe(link);
  for (
    const link of [
      'javascript:1',
      'DATA:x',
      'file:///x',
      '--x',
      '',
      'x',
      'a:b\nc',
      'a: b',
      `a:${'x'.repeat(2001)}`,
      7,
      null,
    ]
  ) {
    expect(() => requireLink(link)).toThrow(expect.objectContaining({ code: 'E_TOKEN_RESPONSE' }));
  }
});

test('requireSubject() compares where there is something to compare', async () => {
  const { agent, alien } = await makeAgentWorld();
  const { session } = await agent.bootstrap(alien);
  expect(() => requireSubject(session, 'owner-1')).not.toThrow();
  expect(() => requireSubject(session, undefined)).not.toThrow();
  expect(() => requireSubject(session, 'owner-2')).toThrow(/another person/);
});
