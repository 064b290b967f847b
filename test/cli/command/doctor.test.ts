import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useHome } from '../../_lib/lab.ts';
import { runSig } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('doctor finds a good home good, and says what a key file is worth', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  await world.logIn('a', { token: 'x' });
  const { code, stdout } = await world.sig(['doctor', '--json']);
  const { ok, findings } = JSON.parse(stdout);
  expect([code, ok]).toEqual([0, true]);
  expect(findings.filter((finding: { state: string }) => finding.state !== 'ok')).toEqual([
    {
      check: 'vault',
      state: 'warning',
      message: expect.stringContaining('nothing but a copied credentials folder'),
      hint: expect.any(String),
    },
  ]);
});

test('S20: doctor names files that are open to others, with the command that closes them', async () => {
  const world = await useWorld();
  await chmod(join(world.home, 'config.yaml'), 0o644);
  const { code, stdout } = await world.sig(['doctor']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/failure +modes: .*config\.yaml is open to others/);
  expect(stdout).toContain('chmod go=');
});

test('doctor without a home says how to make one', async () => {
  const { code, stdout } = await runSig(['doctor'], { home: await useHome() });
  expect([code, stdout]).toEqual([1, expect.stringContaining('make it: sig init')]);
});

test('doctor names a login that config.yaml does not know', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  await world.logIn('a', { token: 'x' });
  await world.writeConfig('providers: {}\n');
  expect((await world.sig(['doctor'])).stdout).toContain('"a" has a login and no entry in config.yaml');
});

test('doctor probe says which programs work through the proxy, without a home', async () => {
  const { code, stdout } = await runSig(['doctor', 'probe', '--json'], { home: await useHome(), timeoutMs: 60_000 });
  const { ok, findings } = JSON.parse(stdout);
  expect([code, ok]).toEqual([0, true]);
  for (const finding of findings) expect(['curl', 'git', 'node', 'deno', 'python3', 'java']).toContain(finding.check);
  expect((await runSig(['doctor', 'prob'], { home: await useHome() })).code).toBe(2);
}, 90_000);
