/** The entry `@sigcli/cli/platform`, used by programs on each runtime beside the command line. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { findLeaks } from '../_lib/canary.ts';
import { findCommand, runCommand } from '../_lib/command.ts';
import { useFolder, useIssuer, useServer } from '../_lib/lab.ts';
import { ROOT } from '../_lib/sig.ts';
import { useWorld } from '../_lib/world.ts';

const BUILT = join(ROOT, 'dist/platform.js');
const SOURCE = join(ROOT, 'cli/mod.ts');

/** What the README says that a request needs on Deno. */
const PERMISSIONS = /^\| `sig request` +\| `(--allow-[^`]+)` +\|$/m.exec(
  readFileSync(join(ROOT, 'README.md'), 'utf8'),
)![1]!;

/** How a program is run, and what it imports: on Deno the source, as from a registry of sources. */
const RUNTIMES: Readonly<Record<string, { readonly command: readonly string[]; readonly entry: string }>> = {
  Node: { command: [findCommand('node') ?? process.execPath], entry: BUILT },
  Deno: {
    command: [
      join(ROOT, 'node_modules/deno/deno'),
      'run',
      '--quiet',
      '--no-prompt',
      ...PERMISSIONS.split(' '),
      '--config',
      join(ROOT, 'deno.json'),
    ],
    entry: SOURCE,
  },
  Bun: { command: [join(ROOT, 'node_modules/.bin/bun')], entry: BUILT },
};

/** Asks for what is named on its command line, and prints all that it gets to see. */
const PROGRAM = (entry: string) =>
  `import { openSig } from ${JSON.stringify(pathToFileURL(entry).href)};
const sig = await openSig();
for (const url of process.argv.slice(2)) {
  const response = await sig.fetch(new Request(url));
  console.log(response.status, JSON.stringify([...response.headers]), await response.text());
}
try {
  await sig.fetch(new Request('https://other.example/'));
} catch (error) {
  console.log(error.code, JSON.stringify(error));
}
`;

/** A login by the command line, at a server that repeats what it is sent. */
async function useLogin() {
  const [issuer, api] = [
    await useIssuer(),
    await useServer({
      handler: (request) => ({
        headers: { 'X-Seen': request.header('authorization')! },
        body: request.header('authorization')!,
      }),
    }),
  ];
  const config =
    `providers:\n  api:\n    domains: ['localhost:${api.port}']\n    strategy: oauth2\n    tokenUrl: ${issuer.tokenUrl}\n`;
  const world = await useWorld(config, { SIG_EXTRA_CA: api.caFile });
  const { id, secret } = issuer.basicClient;
  const login = ['login', 'api', '--client-id', id, '--client-secret-stdin'];
  expect(await world.sig(login, { stdin: secret })).toMatchObject({ code: 0 });
  const folder = await useFolder();
  const cache = process.env.DENO_DIR ?? join(process.env.HOME ?? '', '.cache/deno');
  const env = { PATH: '/nowhere', HOME: dirname(world.home), SIG_HOME: world.home, SIG_EXTRA_CA: api.caFile };
  return {
    issuer,
    api,
    world,
    async run(runtime: string, urls: readonly string[]) {
      const { command, entry } = RUNTIMES[runtime]!;
      // The private CA of the test is a file of its own.
      const granted = (flag: string) => flag.startsWith('--allow-read=') ? `${flag},${api.caFile}` : flag;
      const [file, ...first] = command.map((word) => granted(word.replaceAll('~/.sig', world.home)));
      const program = join(folder, `${runtime}.mjs`);
      await writeFile(program, PROGRAM(entry));
      const options = { env: { ...env, DENO_DIR: cache, DENO_NO_UPDATE_CHECK: '1' }, cwd: folder, timeoutMs: 60_000 };
      return await runCommand(file!, [...first, program, ...urls], options);
    },
  };
}

test.each(Object.keys(RUNTIMES))(
  'a program on %s acts with a login of the command line and never sees it',
  async (runtime) => {
    const { api, world, run } = await useLogin();
    const { code, stdout, stderr } = await run(runtime, [`${api.origin}/one`, `${api.origin}/two`]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^200 .*\[sig:redacted:api\]$/gm)).toHaveLength(2);
    expect(stdout).toMatch(/^E_NO_PROVIDER /m);
    const sent = api.requests.map((request) => request.header('authorization')!);
    expect([sent.length, new Set(sent).size, sent[0]]).toEqual([2, 1, expect.stringMatching(/^Bearer ./)]);
    expect(findLeaks(sent[0]!.slice('Bearer '.length), { stdout, stderr })).toEqual([]);
    expect(await world.sig(['audit', 'verify'])).toMatchObject({ code: 0 });
    const records = (await world.sig(['audit', '--json', '-n', '20'])).stdout;
    expect(records.match(/"event": "inject"/g)).toHaveLength(2);
  },
  60_000,
);

test('B16: programs on three runtimes and the command line renew an ended login once', async () => {
  const { issuer, api, world, run } = await useLogin();
  await world.credentials.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 1 }));
  const before = issuer.requests.length;
  const results = await Promise.all([
    ...Object.keys(RUNTIMES).map((runtime) => run(runtime, [`${api.origin}/${runtime}`])),
    world.sig(['request', `${api.origin}/sig`], { timeoutMs: 60_000 }),
  ]);
  expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(Array(4).fill([0, '']));
  expect(issuer.requests.slice(before).map(({ path }) => path)).toEqual(['/token']);
  expect(new Set(api.requests.map((request) => request.header('authorization'))).size).toBe(1);
  expect(await world.sig(['audit', 'verify'])).toMatchObject({ code: 0 });
}, 120_000);
