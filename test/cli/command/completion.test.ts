import { expect, test } from 'vitest';
import { needCommands, runCommand } from '../../_lib/command.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('the bash script is bash, and completes commands and options', async ({ skip }) => {
  const [bash] = needCommands(skip, 'bash');
  const { stdout } = await (await useWorld()).sig(['completion', 'bash']);
  const ask = async (...words: string[]) => {
    const script = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${
      words.length - 1
    }; _sig; echo "\${COMPREPLY[@]}"`;
    return (await runCommand(bash!, ['-c', script])).stdout.trim().split(' ');
  };
  expect(await ask('sig', 'req')).toEqual(['request']);
  expect(await ask('sig', 'request', '--fol')).toEqual(['--follow']);
  expect(await ask('sig', 'init', '--key')).toEqual(['--key-source']);
});

test.each(['zsh', 'fish', 'powershell'])('the %s script names every command', async (shell) => {
  const { code, stdout } = await (await useWorld()).sig(['completion', shell]);
  expect(code).toBe(0);
  for (const word of ['request', 'login', 'explain', 'key-source']) expect(stdout).toContain(word);
});

test('completion ids gives provider ids, one a line', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}${tokenProvider('b', 'b.example')}`);
  expect((await world.sig(['completion', 'ids'])).stdout).toBe('a\nb\n');
  expect((await world.sig(['completion', 'tcsh'])).code).toBe(2);
});
