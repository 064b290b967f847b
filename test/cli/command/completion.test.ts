import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createRequire } from 'node:module';
import { Language, type Node, Parser } from '@vscode/tree-sitter-wasm';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../../cli/command/table.ts';
import { needCommands, runCommand } from '../../_lib/command.ts';
import { useFolder } from '../../_lib/lab.ts';
import { sigCommand, startOnTerminal } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

/** The script of a shell in a file, and an environment in which `sig` is ours and knows two providers. */
async function setUp(shell: string) {
  const world = await useWorld(
    `providers:\n${tokenProvider('jira-example', 'a.example')}${tokenProvider('other', 'b.example')}`,
  );
  const folder = await useFolder();
  const script = join(folder, 'completion');
  await writeFile(script, (await world.sig(['completion', shell])).stdout);
  const command = sigCommand().map((word) => `'${word}'`).join(' ');
  await writeFile(join(folder, 'sig'), `#!/bin/sh\nexec ${command} "$@"\n`);
  await chmod(join(folder, 'sig'), 0o755);
  const deno = process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno`;
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, SIG_HOME: world.home, DENO_DIR: deno };
  return { world, script, folder, env };
}

test('the bash script is bash, and completes commands, options and provider ids', async ({ skip }) => {
  const [bash] = needCommands(skip, 'bash');
  const { script: file, env } = await setUp('bash');
  const ask = async (...words: string[]) => {
    const script = `. ${file}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${
      words.length - 1
    }; _sig; echo "\${COMPREPLY[@]}"`;
    return (await runCommand(bash!, ['-c', script], { env })).stdout.trim().split(' ');
  };
  expect(await ask('sig', 'req')).toEqual(['request']);
  expect(await ask('sig', 'request', '--fol')).toEqual(['--follow']);
  expect(await ask('sig', 'init', '--key')).toEqual(['--key-source']);
  expect(await ask('sig', 'logout', 'ji')).toEqual(['jira-example']);
  expect(await ask('sig', 'doctor', 'ji')).toEqual(['']);
});

test('fish completes commands, options and provider ids', async ({ skip }) => {
  const [fish] = needCommands(skip, 'fish');
  const { script, env } = await setUp('fish');
  const ask = async (line: string) => {
    const code = `source ${script}; complete -C '${line}'`;
    const { stdout } = await runCommand(fish!, ['--no-config', '-c', code], { env });
    return stdout.split('\n').filter((one) => one !== '').map((one) => one.split('\t')[0]);
  };
  expect(await ask('sig req')).toEqual(['request']);
  expect(await ask('sig request --fol')).toEqual(['--follow']);
  expect(await ask('sig logout ji')).toEqual(['jira-example']);
  expect(await ask('sig doctor ji')).toEqual([]);
});

test('zsh completes commands, options and provider ids at a Tab', async ({ skip }) => {
  const [zsh] = needCommands(skip, 'zsh');
  const { script, folder, env } = await setUp('zsh');
  const shell = startOnTerminal([zsh!, '-f', '-i'], { home: join(folder, 'home'), env }) ??
    skip('script of util-linux is not installed');
  onTestFinished(async () => {
    shell.kill('SIGKILL');
    await shell.done;
  });
  shell.write(`PS1= RPS1=; autoload -Uz compinit; compinit -D -u; . ${script}; print rea''dy\n`);
  await shell.waitFor(/^ready/m);
  let count = 0;
  const ask = async (line: string) => {
    count++;
    // To the beginning of the line, and to its end: what was completed becomes the argument of print.
    shell.write(`${line}\t\x01print -r -- "${count}<\x05>"\n`);
    return (await shell.waitFor(new RegExp(`^${count}<(.*?) ?>`, 'm')))[1];
  };
  expect(await ask('sig req')).toBe('sig request');
  expect(await ask('sig request --fol')).toBe('sig request --follow');
  expect(await ask('sig logout ji')).toBe('sig logout jira-example');
}, 60_000);

test('PowerShell completes commands and provider ids', async ({ skip }) => {
  const [pwsh] = needCommands(skip, 'pwsh');
  const { script, env } = await setUp('powershell');
  const ask = async (line: string) => {
    const code = `. ([scriptblock]::Create((Get-Content -Raw '${script}'))); ` +
      `(TabExpansion2 '${line}' ${line.length}).CompletionMatches.CompletionText`;
    return (await runCommand(pwsh!, ['-NoProfile', '-NonInteractive', '-Command', code], { env })).stdout.trim();
  };
  expect(await ask('sig req')).toBe('request');
  expect(await ask('sig logout ji')).toBe('jira-example');
}, 60_000);

/** Reads text with the grammar of PowerShell that VS Code uses. */
async function loadPowerShellGrammar(): Promise<(text: string) => Node> {
  await Parser.init();
  const wasm = createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-powershell.wasm');
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm));
  return (text) => parser.parse(text)!.rootNode;
}

test('the PowerShell script is PowerShell, with a clause for each command', async () => {
  const read = await loadPowerShellGrammar();
  const { stdout } = await (await useWorld()).sig(['completion', 'powershell']);
  const script = read(stdout);
  expect(script.hasError).toBe(false);
  const textsOf = (...types: string[]) => script.descendantsOfType(types).map((node) => node!.text);
  const called = ['Register-ArgumentCompleter', '-Native', '-CommandName', '-ScriptBlock', 'sig', 'Where-Object'];
  expect([...new Set(textsOf('command_name', 'command_parameter'))]).toEqual(called);
  expect(textsOf('param_block')).toEqual(['param($wordToComplete, $commandAst, $cursorPosition)']);
  expect(textsOf('type_literal')).toEqual(['[System.Management.Automation.CompletionResult]']);
  const clauses = script.descendantsOfType('switch_clause').map((clause) =>
    clause!.descendantsOfType('string_literal').map((node) => node!.text.replaceAll("'", ''))
  );
  expect(clauses.map(([name]) => name)).toEqual(COMMANDS.map(({ name }) => name));
  for (const [, ...options] of clauses) {
    expect(options.filter((option) => !/^--[a-z-]+$/.test(option))).toEqual([]);
    expect(options).toContain('--help');
  }
  const asking = script.descendantsOfType('switch_clause').filter((clause) =>
    clause!.descendantsOfType('command_name').length > 0
  );
  const ids = COMMANDS.filter(({ args }) => args?.includes('provider')).map(({ name }) => name);
  expect(asking.map((clause) => /\w+/.exec(clause!.text)![0])).toEqual(expect.arrayContaining(ids));
  // That grammar does find mistakes.
  for (
    const [from, to] of [['@(', '@'], ["'--home'", "'--home"], ['switch (', 'switch '], ['| ForEach-Object {', '|']]
  ) {
    expect([from, read(stdout.replace(from!, to!)).hasError]).toEqual([from, true]);
  }
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
