import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cleanEnvironment, createDaemon } from '../../../../cli/platform/proxy/daemon.ts';
import type { ProxySession } from '../../../../cli/command/command.ts';
import { Secret } from '../../../../src/secret.ts';
import { useFolder } from '../../../_lib/lab.ts';

const session: ProxySession & { readonly lock: ReturnType<typeof vi.fn<() => void>> } = {
  port: 4711,
  token: new Secret('token'),
  caFile: '/ca.pem',
  stopAsked: new Promise<void>(() => {}),
  status: () => ({ port: 4711, locked: session.lock.mock.calls.length > 0 }),
  child: () => ({ port: 4711, token: 'token', extraCaFile: '/e', bundleFile: '/b', trustStoreFile: '/t', hosts: [] }),
  lock: vi.fn(),
  stop: () => Promise.resolve(),
};

test('P14: cleanEnvironment() keeps nothing that opens a door, and no secret', () => {
  const env = { PATH: '/bin', NODE_OPTIONS: '--inspect', LD_PRELOAD: 'x', CLIENT_SECRET: 'y', SIG_HOME: '/h' };
  expect(cleanEnvironment(env)).toEqual({ PATH: '/bin', SIG_HOME: '/h' });
});

test('createDaemon() answers over its socket, and stops when told', async () => {
  const home = await useFolder();
  const daemon = createDaemon({ home, env: {} });
  expect(await daemon.status()).toBeUndefined();
  expect(await daemon.stop()).toBe(false);
  expect(await daemon.lock()).toBe(false);
  let release = () => Promise.resolve();
  const onStop = vi.fn(() => void release());
  release = await daemon.serve(session, onStop);
  onTestFinished(() => release().catch(() => {}));
  expect(await daemon.status()).toEqual({ port: 4711, pid: process.pid, locked: false });
  expect(await daemon.child()).toMatchObject({ token: 'token' });
  expect(await daemon.lock()).toBe(true);
  expect(session.lock).toHaveBeenCalledOnce();
  await expect(daemon.serve(session, onStop)).rejects.toThrow(/runs already/);
  expect(await daemon.stop()).toBe(true);
  expect(onStop).toHaveBeenCalledOnce();
});

test('P13: no process number is trusted: a file in the place of the socket kills nobody', async () => {
  const home = await useFolder();
  const daemon = createDaemon({ home, env: {} });
  const release = await daemon.serve(session, () => {});
  await release();
  await writeFile(join(home, 'proxy/control'), String(process.pid));
  expect(await daemon.stop()).toBe(false);
});
