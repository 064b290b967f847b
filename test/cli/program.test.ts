import { expect, test } from 'vitest';
import { runCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';

import { runSig, sigCommand } from '../_lib/sig.ts';

test('runProgram() shows the help and exits 2 without a command, 0 when asked for it', async () => {
  const home = `${await useFolder()}/.sig`;
  const bare = await runSig([], { home });
  expect([bare.code, bare.stdout]).toEqual([2, expect.stringContaining('Usage:')]);
  expect(await runSig(['--help'], { home })).toMatchObject({ code: 0, stdout: bare.stdout, stderr: '' });
});

test('runProgram() says in one line what was wrong, as JSON when asked', async () => {
  const home = `${await useFolder()}/.sig`;
  expect(await runSig(['statsu'], { home })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^sig: error: .*\nsig: hint: .*status/),
  });
  const { code, stdout, stderr } = await runSig(['statsu', '--json'], { home });
  expect([code, JSON.parse(stdout || stderr).error.code]).toEqual([2, 'E_USAGE']);
});

test.each(['--help', '--version'])('P8: sig %s is quiet when nobody reads any more', async (flag) => {
  const home = `${await useFolder()}/.sig`;
  const command = sigCommand().map((word) => `'${word}'`).join(' ');
  const { code, stderr } = await runCommand('/bin/bash', ['-c', `${command} ${flag} | true; exit \${PIPESTATUS[0]}`], {
    env: { PATH: '/usr/bin:/bin', HOME: home, SIG_HOME: home },
  });
  expect([code, stderr]).toEqual([0, '']);
});
