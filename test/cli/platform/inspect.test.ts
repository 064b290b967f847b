import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectMachine } from '../../../cli/platform/inspect.ts';
import { useHome } from '../../_lib/lab.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('inspectMachine() stops at a home without a vault', async () => {
  const never = () => Promise.reject(new Error('asked'));
  const findings = await inspectMachine({ home: await useHome(), providers: never, credentials: never });
  expect(findings.map(({ check, state }) => [check, state])).toEqual([['runtime', 'ok'], ['vault', 'failure']]);
});

test('inspectMachine() goes on after a bad config, and names records kept aside and open folders', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  await world.logIn('a', { token: 'x' });
  await writeFile(join(world.home, 'credentials/b.json.corrupt-20260101-000000'), 'x', { mode: 0o600 });
  await mkdir(join(world.home, 'open'), { mode: 0o755 });
  await chmod(join(world.home, 'open'), 0o755);
  await world.writeConfig('providers:\n  a: 1\n');
  const findings = await inspectMachine({
    home: world.home,
    providers: world.providers,
    credentials: () => Promise.resolve(world.credentials),
  });
  const failures = findings.filter(({ state }) => state === 'failure').map(({ check }) => check);
  expect(failures).toEqual(['modes', 'config', 'logins']);
  expect(findings.find(({ check }) => check === 'kept aside')!.message).toContain('corrupt-20260101');
});
