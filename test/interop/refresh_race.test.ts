/** Many processes, one expired token: the race that wipes logins elsewhere. */
import { expect, test } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { useIssuer, useServer } from '../_lib/lab.ts';
import { IS_DENO } from '../_lib/sig.ts';
import { useWorld } from '../_lib/world.ts';

const PROCESSES = IS_DENO ? 8 : 32;

test(
  `B16: ${PROCESSES} processes with an expired token make exactly one token call`,
  { timeout: 180_000 },
  async () => {
    const [issuer, api] = [await useIssuer(), await useServer()];
    const config =
      `providers:\n  api:\n    domains: ['localhost:${api.port}']\n    strategy: oauth2\n    tokenUrl: ${issuer.tokenUrl}\n`;
    const world = await useWorld(config, { SIG_EXTRA_CA: api.caFile });
    const { id, secret } = issuer.basicClient;
    await world.sig(['login', 'api', '--client-id', id, '--client-secret-stdin'], { stdin: secret });
    await world.credentials.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 1 }));
    const before = issuer.requests.length;
    const results = await Promise.all(
      Array.from({ length: PROCESSES }, (_, i) => world.sig(['request', `${api.origin}/${i}`], { timeoutMs: 150_000 })),
    );
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(Array(PROCESSES).fill([0, '']));
    expect(issuer.requests.slice(before).map(({ path }) => path)).toEqual(['/token']);
    expect(new Set(api.requests.map((request) => request.header('authorization'))).size).toBe(1);
    expect(await world.sig(['audit', 'verify'])).toMatchObject({ code: 0 });
  },
);

test(
  'B16: a refresh token that rotates is never spent twice: reuse would end the session',
  { timeout: 180_000 },
  async () => {
    const [issuer, api] = [await useIssuer({ rotatesRefreshTokens: true }), await useServer()];
    const config =
      `providers:\n  api:\n    domains: ['localhost:${api.port}']\n    strategy: oauth2\n    grant: device_code\n    tokenUrl: ${issuer.tokenUrl}\n`;
    const world = await useWorld(config, { SIG_EXTRA_CA: api.caFile });
    const { refreshToken, clientId } = await obtainByDevice(issuer);
    await world.logIn('api', { access_token: 'spent' }, {
      expiresAtSec: 1,
      oauth2: { clientId, refreshToken: new Secret(refreshToken), tokenUrl: issuer.tokenUrl },
    });
    for (let round = 0; round < 2; round++) {
      const results = await Promise.all(
        Array.from({ length: 8 }, () => world.sig(['request', `${api.origin}/`], { timeoutMs: 150_000 })),
      );
      expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(Array(8).fill([0, '']));
      await world.credentials.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 1 }));
    }
    const calls = issuer.requests.filter(({ path, status }) => path === '/token' && status !== 400);
    expect(calls.map(({ status }) => status)).toEqual(Array(3).fill(200));
  },
);

/** What a person's login leaves behind: a session with a refresh token, made by the device grant. */
async function obtainByDevice(issuer: Awaited<ReturnType<typeof useIssuer>>) {
  const { createSend } = await import('../../cli/platform/send.ts');
  const { buildFormRequest } = await import('../../src/oauth/client.ts');
  const { processTokenResponse } = await import('../../src/oauth/token_response.ts');
  const { readAll } = await import('../../src/encoding/read_all.ts');
  const send = createSend({ env: (name) => (name === 'SIG_EXTRA_CA' ? issuer.caFile : undefined) });
  const client = { clientId: issuer.nativeClientId };
  const asked = buildFormRequest(issuer.deviceUrl, { scope: 'openid offline_access', prompt: 'consent' }, client);
  const answer = await send(asked.head, asked.body, { allowPrivate: true });
  const device = JSON.parse(new TextDecoder().decode(await readAll(answer.body, 65_536)));
  await issuer.approveDevice(device.user_code);
  const grant = buildFormRequest(issuer.tokenUrl, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device.device_code,
  }, client);
  const tokens = await processTokenResponse(await send(grant.head, grant.body, { allowPrivate: true }), 'api');
  return { refreshToken: tokens.refreshToken!.reveal(), clientId: issuer.nativeClientId };
}
