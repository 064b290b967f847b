import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../cli/command/table.ts';
import * as library from '../../src/mod.ts';
import { needCommands } from '../_lib/command.ts';
import { TOKEN, useShell } from '../_lib/shell.ts';
import { ROOT } from '../_lib/sig.ts';

const README = await readFile(join(ROOT, 'README.md'), 'utf8');
const BLOCKS = [...README.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}));

const blocksOf = (language: string) => BLOCKS.filter((block) => block.language === language).map(({ text }) => text);
const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

test('the README has no block that nothing runs', () => {
  expect([...new Set(BLOCKS.map(({ language }) => language))].sort()).toEqual(['js', 'json', 'sh', 'ts', 'yaml']);
});

test('the first screen leads from nothing to an authenticated request', async ({ skip }) => {
  needCommands(skip, 'bash');
  const [first] = blocksOf('sh');
  expect(README.indexOf(first!)).toBeLessThan(600);
  const shell = await useShell(true);
  const running = shell.runOnTerminal(first!) ?? skip('no program here makes a terminal');
  await running.waitFor(/token|paste|value/i);
  running.write(`${TOKEN}\r`);
  const { code, stdout } = await running.done;
  expect([code, stdout.includes('"name":"Ada"'), stdout.includes(TOKEN)]).toEqual([0, true, false]);
}, 60_000);

test.each(blocksOf('sh').slice(1))('%s', async (block) => {
  const shell = await useShell();
  for (const [, script] of block.matchAll(/npm run (\S+)/g)) expect(scripts).toHaveProperty(script!);
  const { code, stdout, stderr } = await shell.run(block);
  expect([code, stderr]).toEqual([0, expect.not.stringMatching(/error|warning/)]);
  if (block.includes('curl')) expect(stdout).toContain('"name":"Ada"');
});

test('the configuration is one that sig takes', async () => {
  const [config] = blocksOf('yaml');
  const shell = await useShell();
  await shell.world.writeConfig(config!);
  expect(await shell.run('sig config check')).toMatchObject({ code: 0 });
  expect(Object.keys(parse(config!).providers)).toEqual(['api-example', 'github']);
});

test('the script reads an issue', async () => {
  const [script] = blocksOf('js');
  const shell = await useShell();
  const start = "import { execSync } from 'node:child_process';\nconst issue = ";
  await writeFile(join(shell.folder, 'use.mjs'), `${start}${shell.localise(script!)}\nconsole.log(issue.name);\n`);
  expect(await shell.run('node use.mjs')).toMatchObject({ code: 0, stdout: 'Ada\n' });
});

test('the program acts with a login that it does not hold', async () => {
  const [, program] = blocksOf('js');
  const shell = await useShell();
  const modules = join(shell.folder, 'node_modules/@sigcli');
  await mkdir(modules, { recursive: true });
  await symlink(ROOT, join(modules, 'cli'));
  await writeFile(join(shell.folder, 'use.mjs'), shell.localise(program!));
  expect(await shell.run('node use.mjs')).toMatchObject({ code: 0, stdout: 'Ada\n', stderr: '' });
});

test('the library has the names that are imported from it', () => {
  const names = blocksOf('ts').flatMap((block) => /import \{([^}]*)\} from '@sigcli\/cli'/.exec(block)![1]!.split(','));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(library).toHaveProperty(name.trim());
});

test('the entry for an MCP client starts a command that is there', () => {
  const { mcpServers: { sig } } = JSON.parse(blocksOf('json')[0]!);
  expect(sig.command).toBe('npx');
  expect(COMMANDS.map(({ name }) => name)).toContain(sig.args.at(-1));
});
