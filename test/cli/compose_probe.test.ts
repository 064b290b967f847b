import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { probeMachine } from '../../cli/compose_probe.ts';
import { findCommand, needCommands } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';

test('probeMachine() finds the programs that work here, and leaves nothing behind', async ({ skip }) => {
  needCommands(skip, 'curl');
  const folder = await useFolder();
  const findings = await probeMachine({ now: () => Date.now() }, folder);
  const names = ['curl', 'git', 'node', 'deno', 'python3', 'java'].filter((name) =>
    findCommand(name === 'java' ? 'keytool' : name)
  );
  expect(findings.map((finding) => finding.check)).toEqual(names);
  for (const name of ['curl', 'git', 'java']) {
    if (!names.includes(name)) continue;
    expect(findings).toContainEqual({ check: name, state: 'ok', message: 'its requests carry the login' });
  }
  for (const { state, hint } of findings) expect(state === 'ok' || typeof hint === 'string').toBe(true);
  expect(await readdir(folder)).toEqual([]);
}, 60_000);
