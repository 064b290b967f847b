/**
 * `npm run bench:login`: what `sig` adds to a browser. A login whose session is still in the warm
 * profile is renewed without a window, beside Playwright alone that opens the same profile, loads
 * the same page and reads the cookies. All cases take turns in one run.
 * `npm run bench:login -- 9` takes nine rounds instead of five.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { chromium } from 'playwright-core';
import { createBrowser } from '../../cli/platform/browser/browser.ts';
import { profileFolder } from '../../cli/platform/browser/profile.ts';
import { createSend } from '../../cli/platform/send.ts';
import type { Credential } from '../../src/credential/credential.ts';
import { obtainByBrowser, renewByBrowser } from '../../src/login/browser.ts';
import { type CommandResult, startCommand } from '../_lib/command.ts';
import { makeProvider } from '../_lib/fixture.ts';
import { runSig, sigCommand } from '../_lib/sig.ts';
import { findTestBrowser, pinOf } from '../_lib/sites.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { startServer } from '../_lib/tls_server.ts';
import { median } from './_measure.ts';
import { watchTree } from './_process_tree.ts';

interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

/** A case: a function of this process, or a program. */
interface Case {
  readonly name: string;
  readonly run: () => Promise<Sample>;
}

const program = findTestBrowser();
if (program === undefined || process.platform !== 'linux') {
  console.log('skipped: it takes Linux and one of Chrome, Edge, Chromium and Brave (apt-get install chromium)');
  process.exit(0);
}
const rounds = Number(process.argv[2] ?? 5);
const folder = await makeTempFolder('sig-bench-');
// A page for whoever has the session, and a login page for everybody else.
const server = await startServer({
  handler: (request) => {
    const isIn = /\bsid=good\b/.test(request.header('cookie') ?? '');
    if (isIn) return { headers: [['Content-Type', 'text/html']], body: '<title>Home</title><h1>Welcome</h1>' };
    if (request.path !== '/login') return { status: 302, headers: [['Location', '/login']] };
    const session = ['Set-Cookie', 'sid=good; Path=/; Secure; HttpOnly; Max-Age=50000'] as const;
    const body = '<title>Sign in</title><script>location = "/"</script>';
    return { headers: [['Content-Type', 'text/html'], session], body };
  },
});
try {
  await main(program);
} finally {
  await server.close();
  await folder.remove();
}

async function main(program: string): Promise<void> {
  const home = join(folder.path, 'home');
  const browserArgs = [`--ignore-certificate-errors-spki-list=${await pinOf(server, 'localhost')}`];
  const own: Record<string, string> = {
    SIG_EXTRA_CA: server.caFile,
    SIG_BROWSER: program,
    SIG_BROWSER_ARGS: JSON.stringify(browserArgs),
  };
  const env = (name: string) => own[name] ?? process.env[name];
  await runSig(['init', '--yes', '--key-source', 'file'], { home });
  await writeFile(
    join(home, 'config.yaml'),
    `providers:
  site:
    domains: ['localhost:${server.port}']
    strategy: browser
    extract: [{ from: cookies, as: session, match: '*' }]
    apply: [{ in: header, name: Cookie, value: '\${session}' }]
`,
    { mode: 0o600 },
  );

  const provider = makeProvider({
    id: 'site',
    strategy: 'browser',
    domains: [`localhost:${server.port}`],
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
  });
  const browser = createBrowser({ home, platform: process.platform, env });
  const ports = { browser, send: createSend({ env }), clock: { now: () => Date.now() }, env };
  const old = await obtainByBrowser(provider, undefined, ports, { mode: 'headless' });
  const url = `${server.origin}/`;
  const profile = profileFolder(home, 'site');

  const cases: Case[] = [
    { name: 'Playwright alone', run: () => measureCall(() => openBare(program, profile, browserArgs, url)) },
    { name: 'sig: renewal', run: () => measureCall(() => renew(old)) },
    {
      name: 'Playwright alone, as a program',
      run: () => measureProgram(bareCommand(program, profile, browserArgs, url), {}),
    },
    {
      name: 'sig login --mode headless',
      run: () =>
        measureProgram([...sigCommand(), 'login', 'site', '--mode', 'headless'], {
          ...own,
          SIG_HOME: home,
          HOME: folder.path,
        }),
    },
  ];
  const samples = new Map(cases.map(({ name }) => [name, [] as Sample[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, run } of cases) {
      const sample = await run();
      if (round > 0) samples.get(name)!.push(sample);
    }
  }
  print([...samples]);

  async function renew(old: Credential): Promise<void> {
    const { cookies } = await renewByBrowser(provider, old, ports);
    if (!cookies?.reveal().some(({ name }) => name === 'sid')) throw new Error('the renewal brought no session');
  }
}

/** What any program that wants the cookies has to do. */
async function openBare(executablePath: string, profile: string, args: string[], url: string): Promise<void> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args,
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
  });
  await context.pages()[0]!.goto(url);
  const cookies = await context.cookies();
  await context.close();
  if (!cookies.some(({ name }) => name === 'sid')) throw new Error('the profile holds no session');
}

function bareCommand(executablePath: string, profile: string, args: string[], url: string): string[] {
  const options = { executablePath, args, headless: true, chromiumSandbox: process.getuid?.() !== 0 };
  return [
    process.execPath,
    '--input-type=module',
    '-e',
    `import { chromium } from 'playwright-core';
const context = await chromium.launchPersistentContext(${JSON.stringify(profile)}, ${JSON.stringify(options)});
await context.pages()[0].goto(${JSON.stringify(url)});
const cookies = await context.cookies();
await context.close();
process.exitCode = cookies.some(({ name }) => name === 'sid') ? 0 : 1;`,
  ];
}

async function measureCall(call: () => Promise<void>): Promise<Sample> {
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  let wallMs = 0;
  const { use } = await watchTree(process.pid, false, async () => {
    await call();
    wallMs = performance.now() - startMs;
  });
  const { user, system } = process.cpuUsage(startCpu);
  return { wallMs, cpuMs: use.cpuMs + (user + system) / 1000, peakMiB: use.peakMiB };
}

async function measureProgram(
  [file, ...args]: readonly string[],
  own: Readonly<Record<string, string>>,
): Promise<Sample> {
  const startMs = performance.now();
  let wallMs = 0;
  const running = startCommand(file!, args, { env: { PATH: process.env.PATH ?? '', ...own }, timeoutMs: 60_000 });
  running.end();
  const { result, use } = await watchTree(running.pid, true, async (): Promise<CommandResult> => {
    const done = await running.done;
    wallMs = performance.now() - startMs;
    return done;
  });
  if (result.code !== 0) throw new Error(`status ${result.code}: ${result.stderr}`);
  return { wallMs, ...use };
}

/** Two rows belong together: ratios are to the first of each two. */
function print(rows: readonly (readonly [name: string, samples: readonly Sample[]])[]): void {
  console.log(`medians of ${rounds} rounds, taken in turns; CPU and memory are those of all processes\n`);
  console.log(`${''.padEnd(32)}  wall ms   CPU ms  peak MiB  x wall   x CPU   x MiB`);
  const costs = rows.map(([name, samples]) => ({
    name,
    figures: (['wallMs', 'cpuMs', 'peakMiB'] as const).map((key) => median(samples.map((sample) => sample[key]))),
  }));
  for (const [at, { name, figures }] of costs.entries()) {
    const reference = costs[at - at % 2]!.figures;
    const ratios = figures.map((figure, i) => (figure / reference[i]!).toFixed(2).padStart(8));
    console.log(
      `${name.padEnd(32)} ${figures.map((figure) => figure.toFixed(0).padStart(8)).join(' ')}  ${ratios.join('')}`,
    );
  }
}
