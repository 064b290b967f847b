import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { VERSION } from '../../cli/platform/version.ts';
import { makeCanary } from '../_lib/canary.ts';
import { runCommand } from '../_lib/command.ts';
import { useFolder, useServer } from '../_lib/lab.ts';
import { ROOT } from '../_lib/sig.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** Commands and permissions as the README has them: "| `sig status` | `--allow-env …` |". */
const ROWS = [...README.matchAll(/^\| `sig ([a-z-]+)[^|]*\| `(--allow-[^`]+)` +\|$/gm)]
  .map(([, command, flags]) => ({ command: command!, flags: flags!.split(' ') }));
const ARGS: Readonly<Record<string, (url: string) => string[]>> = {
  providers: () => ['providers'],
  status: () => ['status', 'api'],
  explain: (url) => ['explain', url],
  request: (url) => ['request', url],
};

test('the README says what each command of a script needs on Deno', () => {
  expect(ROWS.map(({ command }) => command).sort()).toEqual(Object.keys(ARGS).sort());
});

test.for(ROWS)(
  'sig $command runs with $flags, and not with one less',
  { timeout: 60_000 },
  async ({ command, flags }) => {
    const server = await useServer({ handler: () => ({ body: 'hello' }) });
    const host = `localhost:${server.port}`;
    const world = await useWorld(`providers:\n${tokenProvider('api', host)}`);
    await world.logIn('api', { token: makeCanary() });
    // As a package: what it reads of itself needs no permission there.
    const folder = await useFolder();
    const installed = join(folder, 'node_modules/@sigcli/cli');
    await mkdir(installed, { recursive: true });
    await cp(join(ROOT, 'dist/bin'), join(installed, 'dist/bin'), { recursive: true });
    await copyFile(join(ROOT, 'package.json'), join(installed, 'package.json'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ dependencies: { '@sigcli/cli': VERSION } }));
    const run = (permissions: readonly string[]) => {
      const granted = permissions.map((flag) =>
        flag.replaceAll('~/.sig', world.home).replaceAll('api.example.com', host)
      )
        // The private CA of the test is a file of its own.
        .map((flag) => flag.startsWith('--allow-read=') ? `${flag},${server.caFile}` : flag);
      const args = ['run', '--quiet', '--no-prompt', ...granted, 'npm:@sigcli/cli/sig'];
      const env = { PATH: '/nowhere', HOME: join(world.home, '..'), SIG_HOME: world.home, SIG_EXTRA_CA: server.caFile };
      return runCommand(join(ROOT, 'node_modules/deno/deno'), [...args, ...ARGS[command]!(`https://${host}/x`)], {
        cwd: folder,
        env: { ...env, DENO_DIR: process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno` },
      });
    };
    expect(await run(flags)).toMatchObject({ code: 0, stderr: '' });
    expect(server.requests).toHaveLength(command === 'request' ? 1 : 0);
    for (const flag of flags) {
      const { code } = await run(flags.filter((other) => other !== flag));
      expect([flag, code === 0]).toEqual([flag, false]);
    }
    // Nor with a part of one.
    for (const flag of flags.filter((each) => /=.*,/.test(each))) {
      const [name, value] = flag.split('=') as [string, string];
      for (const one of value.split(',')) {
        const { code } = await run([...flags.filter((other) => other !== flag), `${name}=${one}`]);
        expect([flag, one, code === 0]).toEqual([flag, one, false]);
      }
    }
  },
);
