import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VECTORS } from './vectors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binaries = join(root, 'node_modules/.bin');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sig-vectors-'));
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'test/runtime/vectors_main.ts', worker: 'test/runtime/vectors_worker.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    target: 'es2023',
    // Whatever is not of the web platform would fail to resolve.
    platform: 'neutral',
    logLevel: 'error',
  });
  await writeFile(
    join(folder, 'worker.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "vectors", worker = .vectors)]);
const vectors :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2025-09-01",
);
`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the runtime of this test run', () => {
  test.each(VECTORS.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => await vector.run());
});

test.each([
  ['Deno, with no permission', ['deno', 'run', '--no-prompt', '--no-config', '--no-remote', 'main.mjs']],
  ['Bun', ['bun', 'run', 'main.mjs']],
  ['workerd', ['workerd', 'test', 'worker.capnp']],
])('%s passes every vector', async (_, [program, ...args]) => {
  const { code, output } = await run(join(binaries, program!), args);
  expect(output).toContain(`PASSED ${VECTORS.length} of ${VECTORS.length}`);
  expect(code).toBe(0);
});

function run(program: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output += chunk);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
