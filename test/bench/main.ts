/**
 * `npm run bench`: what `sig` costs, beside a bare runtime and curl, in one run. Ratios are to the
 * first row of each table. `npm run bench -- 40` takes 40 rounds instead of 15, `npm run bench -- binary` measures the
 * executable alone beside its peers, against its targets (after `npm run compile -- linux-x64` or whatever this is).
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { executableName, findHostTarget } from '../../compile/targets.ts';
import { createProviderSet } from '../../src/provider/find.ts';
import { parseUrl } from '../../src/target/target.ts';
import { findCommand } from '../_lib/command.ts';
import { makeProvider, memoryVault } from '../_lib/fixture.ts';
import { ROOT, runSig } from '../_lib/sig.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { startServer } from '../_lib/tls_server.ts';
import { formatCosts, measureCalls, measurePrograms, type ProgramCase } from './_measure.ts';

const WORDS = process.argv.slice(2);
const IS_BINARY = WORDS.includes('binary');
const ROUNDS = Number(WORDS.find((word) => word !== 'binary') ?? 15);
const SIG = join(ROOT, 'dist/bin/sig.cjs');
const TARGET = findHostTarget(process.platform, process.arch, false);
/** The executable, where `npm run compile` has made it. */
const COMPILED = TARGET && join(ROOT, 'dist', executableName(TARGET));
const TOKEN = 'bench-token';

if (IS_BINARY && !(COMPILED && existsSync(COMPILED))) {
  throw new Error('There is no executable: npm run compile -- <os>-<arch>');
}
if (!Number.isInteger(ROUNDS) || ROUNDS < 1) throw new RangeError('The number of rounds must be 1 or more');
const folder = await makeTempFolder('sig-bench-');
const home = join(folder.path, 'home');
const server = await startServer({
  handler: (request) => ({
    status: request.header('authorization') === `Bearer ${TOKEN}` ? 200 : 401,
    body: 'x'.repeat(1024),
  }),
});
const env = { PATH: process.env.PATH!, HOME: folder.path, SIG_HOME: home, SIG_EXTRA_CA: server.caFile };
try {
  await setUp();
  if (IS_BINARY) await benchBinary();
  else {
    await benchStart();
    await benchRequest();
    await benchCore();
  }
} finally {
  await server.close();
  await folder.remove();
}

/** A home with one login, of a token that a provider's own server gave. */
async function setUp(): Promise<void> {
  const issued = await startServer({
    handler: () => ({ body: { access_token: TOKEN, token_type: 'Bearer', expires_in: 86_400 } }),
  });
  try {
    await mustRun(['init', '--yes', '--key-source', 'file']);
    const flags = ['--token-url', `${issued.origin}/token`, '--client-id', 'bench', '--client-secret-stdin'];
    await mustRun(['login', server.origin, '--as', 'bench', ...flags], 'bench-secret\n');
  } finally {
    await issued.close();
  }
}

async function mustRun(args: readonly string[], stdin = ''): Promise<void> {
  const result = await runSig(args, { home, env, stdin });
  if (result.code !== 0) throw new Error(`sig ${args[0]} failed: ${result.stderr}`);
}

/** `sig` as an executable, for the rows of a table; none when it was not compiled. */
function compiled(...args: string[]): ProgramCase[] {
  if (!COMPILED || !existsSync(COMPILED)) return [];
  return [{ name: `sig ${args[0]}, compiled`, command: [COMPILED, ...args], env }];
}

/** `gh` and Deno, where they are there. */
function others(): ProgramCase[] {
  const deno = join(ROOT, 'node_modules/deno/deno');
  const gh = findCommand('gh');
  return [
    ...(existsSync(deno) ? [{ name: 'deno --version', command: [deno, '--version'], env } as const] : []),
    ...(gh ? [{ name: 'gh --version', command: [gh, '--version'], env } as const] : []),
  ];
}

async function benchStart(): Promise<void> {
  const curl = findCommand('curl');
  const cases: ProgramCase[] = [
    { name: 'node -e 0', command: [process.execPath, '-e', '0'], env },
    ...(curl ? [{ name: 'curl --version', command: [curl, '--version'], env } as const] : []),
    ...others(),
    { name: 'sig --version', command: [process.execPath, SIG, '--version'], env },
    ...compiled('--version'),
    { name: 'sig --help', command: [process.execPath, SIG, 'get', '--help'], env },
    { name: 'sig status', command: [process.execPath, SIG, 'status'], env },
    ...compiled('status'),
  ];
  console.log(formatCosts('start of a program', await measurePrograms(cases, ROUNDS)), '\n');
}

/** The executable as a cold start, and what it is to keep to. */
async function benchBinary(): Promise<void> {
  const curl = findCommand('curl');
  const start = await measurePrograms([
    ...(curl ? [{ name: 'curl --version', command: [curl, '--version'], env } as const] : []),
    { name: 'node --version', command: [process.execPath, '--version'], env },
    { name: 'node -e 0', command: [process.execPath, '-e', '0'], env },
    ...others(),
    ...compiled('--version'),
    ...compiled('status'),
  ], ROUNDS);
  console.log(formatCosts('cold start', start), '\n');
  const request = await measurePrograms([...requestPeers(), ...compiled('request', `${server.origin}/x`)], ROUNDS);
  console.log(formatCosts('1 KiB over TLS, loopback', request), '\n');
  const wall = (name: string) => [...start, ...request].find((cost) => cost.name === name)?.wallMs;
  const ofCurl = wall('curl --version');
  const targets = {
    'sig --version, compiled': ofCurl === undefined ? undefined : 2 * ofCurl + 20,
    'sig status, compiled': 60,
    'sig request, compiled': 100,
  };
  for (const [name, target] of Object.entries(targets)) {
    const [is, most] = [wall(name)!, target];
    const verdict = most === undefined
      ? 'no curl to compare with'
      : `at most ${most.toFixed(0)} ms: ${is <= most ? 'kept' : 'MISSED'}`;
    console.log(`${name}: ${is.toFixed(0)} ms, ${verdict}`);
  }
}

async function benchRequest(): Promise<void> {
  const url = `${server.origin}/x`;
  const cases = [
    ...requestPeers(),
    { name: 'sig request', command: [process.execPath, SIG, 'request', url], env } as const,
    ...compiled('request', url),
  ];
  console.log(formatCosts('1 KiB over TLS, loopback', await measurePrograms(cases, ROUNDS)), '\n');
}

/** Other programs that send the request of `sig request`. */
function requestPeers(): ProgramCase[] {
  const curl = findCommand('curl');
  const url = `${server.origin}/x`;
  const get = `require('node:https').get(process.argv[1], { ca: require('node:fs').readFileSync(process.argv[2]), ` +
    `headers: { authorization: 'Bearer ${TOKEN}' } }, (r) => r.resume())`;
  return [
    { name: 'node:https', command: [process.execPath, '-e', get, url, server.caFile], env },
    ...(curl
      ? [
        {
          name: 'curl',
          command: [curl, '--fail', '--cacert', server.caFile, '--header', `Authorization: Bearer ${TOKEN}`, url],
          env,
        } as const,
      ]
      : []),
  ];
}

async function benchCore(): Promise<void> {
  const vault = memoryVault();
  const value = { values: { token: 'x'.repeat(1024) } };
  await vault.seal('credentials/bench', value);
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const encrypt = () => crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, aes, plain);
  const sealing = await measureCalls([
    { name: 'AES-GCM of the platform', call: encrypt },
    { name: 'vault, open', call: () => vault.open('credentials/bench') },
    { name: 'vault, seal', call: () => vault.seal('credentials/bench', value) },
  ], ROUNDS);
  console.log(formatCosts('1 KiB in the vault', sealing), '\n');

  const { target } = parseUrl('https://host-7.example.com/x');
  const matching = [10, 1000].map((count) => {
    const set = createProviderSet(
      Array.from({ length: count }, (_, i) => makeProvider({ id: `p${i}`, domains: [`host-${i}.example.com`] })),
    );
    if (set.match(target, 'GET', '/x').kind !== 'one') throw new Error('The provider was not found');
    return { name: `${count} providers`, call: () => set.match(target, 'GET', '/x') };
  });
  console.log(formatCosts('which provider', await measureCalls(matching, ROUNDS)));
}
