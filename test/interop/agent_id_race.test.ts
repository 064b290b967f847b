/** An agent's identity, many processes and one expired token: a refresh token that rotates is spent once. */
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { initialiseVault, openVault } from '../../cli/platform/vault_home.ts';
import { createSend } from '../../cli/platform/send.ts';
import { timer } from '../../cli/platform/timer.ts';
import { createAgent } from '../../src/agent_id/agent.ts';
import { decodeSession, encodeSession } from '../../src/agent_id/session.ts';
import { createReplayStore } from '../../src/dpop/replay_store.ts';
import { verifyProof } from '../../src/dpop/verify_proof.ts';
import { runCommand } from '../_lib/command.ts';
import { useFolder, useIssuer, useServer } from '../_lib/lab.ts';
import { IS_DENO, ROOT, sigCommand } from '../_lib/sig.ts';

const PROCESSES = IS_DENO ? 6 : 12;

test(
  `D12: ${PROCESSES} processes of agent-id with an expired token make exactly one token call`,
  { timeout: 180_000 },
  async () => {
    const issuer = await useIssuer({ dpop: true, requiresDpopNonce: true, rotatesRefreshTokens: true });
    const api = await useServer();
    const folder = await useFolder();
    const stateDir = join(folder, 'state');
    const nobody = () => Promise.reject(new Error('asked'));
    const options = { prompt: { line: nobody, secret: nobody, confirm: nobody }, env: {} };
    await initialiseVault(stateDir, 'file', options);
    const vault = await openVault(stateDir, options);
    const env = (name: string) => name === 'SIG_EXTRA_CA' ? issuer.caFile : undefined;
    const agent = createAgent(vault, {
      send: createSend({ env }),
      timer,
      clock: { now: () => Date.now() },
    });
    await agent.bootstrap({
      profile: 'standard',
      issuer: issuer.issuer,
      clientId: issuer.nativeClientId,
      scope: 'openid offline_access',
      show: (_link, code) => issuer.approveDevice(code!),
    });
    await agent.allow([api.origin]);
    const { key } = await agent.read();
    const replays = createReplayStore();
    const expire = () =>
      vault.update('agent/session', (current) => encodeSession({ ...decodeSession(current!.value), expiresAtSec: 1 }));
    const granted = () => issuer.requests.filter(({ path, status }) => path === '/token' && status === 200).length;

    const [file, ...first] = sigCommand();
    const name = IS_DENO ? 'cli/agent_id_main.ts' : 'dist/bin/agent-id.cjs';
    const call = (i: number) =>
      runCommand(
        file,
        [...first.slice(0, -1), join(ROOT, name), 'call', '--url', `${api.origin}/${i}`, '--allow-insecure'],
        {
          env: {
            PATH: process.env.PATH!,
            HOME: folder,
            AGENT_ID_STATE_DIR: stateDir,
            SIG_EXTRA_CA: issuer.caFile,
            ...(process.env.DENO_DIR ? { DENO_DIR: process.env.DENO_DIR } : {}),
          },
          timeoutMs: 150_000,
        },
      );
    // Twice: had an old refresh token been spent again, the server would have ended the session by then.
    for (let round = 1; round <= 2; round++) {
      await expire();
      const before = granted();
      const results = await Promise.all(Array.from({ length: PROCESSES }, (_, i) => call(i)));
      expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(Array(PROCESSES).fill([0, '']));
      expect(granted() - before).toBe(1);
      const tokens = new Set<string>();
      for (const { method, path, header } of api.requests.slice(-PROCESSES)) {
        const accessToken = header('authorization')!.slice('DPoP '.length);
        tokens.add(accessToken);
        const token = { accessToken, jkt: key!.thumbprint };
        const verdict = await verifyProof(header('dpop')!, { method, url: api.origin + path, replays, token });
        expect(verdict).toMatchObject({ ok: true });
      }
      expect(tokens.size).toBe(1);
    }
  },
);
