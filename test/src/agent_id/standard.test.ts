import { expect, test } from 'vitest';
import { loginWithStandard, type StandardLogin } from '../../../src/agent_id/standard.ts';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { createNonceStore } from '../../../src/dpop/nonce_store.ts';
import type { ServerMetadata } from '../../../src/oauth/discovery.ts';
import { makeAgentWorld } from '../../_lib/agent.ts';
import { memoryBrowser } from '../../_lib/loopback.ts';

test('the device login shows link and code, and slows down when told to', async () => {
  const { agent, device, shown, waits } = await makeAgentWorld({ slowDowns: 2, pendingPolls: 1 });
  const { session } = await agent.bootstrap(device);
  expect(shown).toEqual([['https://sso.example/device?user_code=ABCD-EFGH', 'ABCD-EFGH']]);
  expect(waits).toEqual([5000, 10_000, 15_000, 15_000]);
  expect(session).toMatchObject({
    profile: 'standard',
    subject: 'owner-1',
    tokenUrl: 'https://sso.example/oauth/token',
  });
});

test.each(['rejected', 'expired'] as const)('the device login ends when it is %s', async (decision) => {
  const { agent, device } = await makeAgentWorld({ decision });
  await expect(agent.bootstrap(device)).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
});

test('the device login ends when nobody decides', async () => {
  const { agent, device, clock } = await makeAgentWorld({ pendingPolls: 1e6 });
  const startedMs = clock.now();
  await expect(agent.bootstrap(device)).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  expect(clock.now() - startedMs).toBeLessThanOrEqual(300_000);
});

async function makeState() {
  const key = await generateKey('Ed25519');
  return { key, algorithm: 'EdDSA' as const, nonces: createNonceStore(), clockOffsets: new Map<string, number>() };
}

const login = { clientId: 'c', show: () => Promise.resolve() };
const metadata = { issuer: 'https://sso.example', tokenEndpoint: 'https://sso.example/oauth/token' };

test.each<[string, Partial<StandardLogin>, ServerMetadata]>([
  ['no endpoint', {}, { issuer: 'https://sso.example' }],
  ['no device grant', { grant: 'device_code' }, metadata],
  ['no authorization endpoint', { grant: 'authorization_code', listen: () => expect.fail('listened') }, metadata],
  ['neither grant', { listen: () => expect.fail('listened') }, metadata],
])('loginWithStandard() refuses a server with %s', async (_, more, server) => {
  const { ports } = await makeAgentWorld();
  await expect(loginWithStandard({ ...login, ...more }, server, await makeState(), ports)).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
  });
});

test('loginWithStandard() shows the page of the other grant where there is no device grant, bound to the key', async () => {
  const { ports } = await makeAgentWorld();
  const browser = memoryBrowser(() => 'code=x&state=wrong');
  const shown: string[] = [];
  const state = await makeState();
  const attempt = loginWithStandard(
    {
      ...login,
      scope: 'openid  a',
      listen: browser.listen,
      show: (link) => {
        shown.push(link);
        return browser.invite({ url: link, endsAtMs: 0 });
      },
    },
    { ...metadata, authorizationEndpoint: 'https://sso.example/auth' },
    state,
    ports,
  );
  await expect(attempt).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
    message: expect.stringContaining('"state"'),
  });
  const { searchParams } = new URL(shown[0]!);
  expect(Object.fromEntries(searchParams)).toMatchObject({
    dpop_jkt: state.key.thumbprint,
    code_challenge_method: 'S256',
    scope: 'openid a',
    nonce: expect.any(String),
    redirect_uri: 'http://127.0.0.1:4321/callback',
  });
});
