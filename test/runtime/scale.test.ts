import process from 'node:process';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { cloneWith, type GitServer, startGitServer } from '../soak/git_clone.ts';
import { holdHalfOpen } from '../soak/half_open.ts';
import { memoryLimitMiB } from '../soak/limits.ts';
import { residentMiB } from '../soak/memory.ts';
import { transfer } from '../soak/transfer.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import type { Form } from './forms_lab.ts';
import { FORMS } from './forms_list.ts';
import { startProxyWorld } from './proxy_lab.ts';

// `npm run soak` does much more, with every form.
const NAMES: Readonly<Record<string, number>> = {
  'the bundle, on Node 24': 256,
  'the source, on Deno': 128,
};
const REASON = 'the memory of other processes is read from /proc: Linux only';
const isLinux = process.platform === 'linux';

let git: GitServer | { readonly reason: string } = { reason: REASON };
beforeAll(async () => {
  if (!isLinux) return;
  git = await startGitServer(50);
  if (!('reason' in git)) return git.close;
});

describe.each(Object.entries(NAMES))('%s', { timeout: 60_000 }, (name, sizeMiB) => {
  const limitMiB = memoryLimitMiB(name);
  let form: Form | undefined;
  let reason = '';
  let clean = () => Promise.resolve();
  beforeAll(async () => {
    const folder = await makeTempFolder();
    clean = folder.remove;
    const found = await FORMS[name]!(folder.path);
    if ('reason' in found) reason = found.reason;
    else form = found;
  });
  afterAll(() => clean());

  async function useProxy(skip: (note?: string) => never) {
    if (!isLinux || !form) skip(isLinux ? reason : REASON);
    const world = await startProxyWorld(form!);
    onTestFinished(world.close);
    return world;
  }

  test.for(['down', 'up'] as const)(
    `P11: ${sizeMiB} MiB %s, to a peer that reads nothing at first, cost no memory`,
    async (way, { skip }) => {
      const world = await useProxy(skip);
      await transfer(world, way, 1, 0);
      const idleMiB = residentMiB(world.running.pid);
      const { isWhole, aheadMiB, peakMiB } = await transfer(world, way, sizeMiB, 500);
      expect(isWhole).toBe(true);
      expect(aheadMiB).toBeLessThan(32);
      expect(peakMiB - idleMiB).toBeLessThan(limitMiB);
    },
  );

  test('P9: 2,000 connections that do not go on keep nobody out', async ({ skip }) => {
    const { made, isKept, worstMs } = await holdHalfOpen(await useProxy(skip), 2_000);
    expect([made, isKept]).toEqual([2_000, true]);
    // Long before the first of them is too late.
    expect(worstMs).toBeLessThan(5_000);
  });

  test.for(['run', 'proxy'] as const)('git clones 50 MiB by sig %s', async (by, { skip }) => {
    if ('reason' in git || !form) skip('reason' in git ? git.reason : reason);
    const clone = await cloneWith(form!, git as GitServer, by);
    expect(clone).toMatchObject({ isWhole: true, message: '' });
    expect(clone.peakMiB - clone.idleMiB).toBeLessThan(limitMiB);
  });
});
