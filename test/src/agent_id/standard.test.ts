import { expect, test } from 'vitest';
import { loginWithStandard } from '../../../src/agent_id/standard.ts';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { createNonceStore } from '../../../src/dpop/nonce_store.ts';
import { makeAgentWorld } from '../../_lib/agent.ts';

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

test('loginWithStandard() needs a server with that grant', async () => {
  const { ports } = await makeAgentWorld();
  const key = await generateKey('Ed25519');
  const state = {
    key,
    algorithm: 'EdDSA' as const,
    nonces: createNonceStore(),
    clockOffsets: new Map<string, number>(),
  };
  const login = { clientId: 'c', show: () => Promise.resolve() };
  await expect(loginWithStandard(login, { issuer: 'https://sso.example' }, state, ports)).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
  });
});
