import { expect, test } from 'vitest';
import { useIssuer, useServer } from '../../_lib/lab.ts';
import { startSig } from '../../_lib/sig.ts';
import { walk } from '../../_lib/walk.ts';
import { useWorld } from '../../_lib/world.ts';
import type { IssuerOptions } from '../../_lib/oidc.ts';

async function setUp(options: IssuerOptions = {}) {
  const [issuer, api] = [await useIssuer(options), await useServer()];
  const world = await useWorld('# mine\nproviders: {}\n', { SIG_EXTRA_CA: api.caFile });
  const start = (args: readonly string[]) => startSig(args, { home: world.home, env: { SIG_EXTRA_CA: api.caFile } });
  const login = (grant: string, ...more: string[]) =>
    start([
      'login',
      api.origin,
      '--as',
      'api',
      '--issuer',
      issuer.issuer,
      '--grant',
      grant,
      '--client-id',
      issuer.nativeClientId,
      ...more,
    ]);
  return { issuer, api, world, start, login };
}

test.each(['off', 'offered', 'required'] as const)(
  'login by authorization_code, pushed requests %s',
  async (pushed) => {
    const { issuer, api, world, login } = await setUp({ pushed });
    const running = login('authorization_code', '--scope', 'openid offline_access read:data');
    const [, url] = await running.waitFor(/\n {2}(https:\S+)\n/);
    const page = await walk(url!, { caPem: issuer.caPem });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('close this window')]);
    const { code, stderr } = await running.done;
    expect([code, stderr]).toEqual([0, expect.stringContaining('logged in to "api"')]);
    expect((await world.sig(['request', `${api.origin}/x`])).code).toBe(0);
    expect(api.requests[0]!.header('authorization')).toMatch(/^Bearer \S+$/);
  },
);
