// Builds dist/: the library entries (dependencies stay imports) and the command line (one bundle in
// lazily loaded pieces, so that a command pays only for what it uses). Runs on plain Node, since
// `npm ci` calls it on machines that have nothing else.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(await readFile(`${root}/deno.json`, 'utf8'));

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2023',
  // Not "node": that condition selects the CommonJS builds of our dependencies.
  platform: 'neutral',
  mainFields: ['module', 'main'],
  splitting: true,
  logLevel: 'warning',
  legalComments: 'none',
};

await rm(`${root}/dist`, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: Object.fromEntries(
    Object.entries(exports).map(([name, source]) => [name === '.' ? 'mod' : name.slice(2), source]),
  ),
  outdir: 'dist',
  packages: 'external',
});
await build({
  ...common,
  entryPoints: { sig: 'cli/main.ts' },
  outdir: 'dist/bin',
  minify: true,
  keepNames: false,
  external: ['node:*', '@napi-rs/keyring', 'playwright-core'],
});
await chmod(`${root}/dist/bin/sig.js`, 0o755);

const tsc = `${root}/node_modules/typescript/bin/tsc`;
const types = spawnSync(process.execPath, [tsc, '-p', `${root}/npm/tsconfig.types.json`], { stdio: 'inherit' });
if (types.status !== 0) process.exit(1);
// Declarations name their neighbours as the sources do; those who install us have no ".ts" files.
for (const name of await readdir(`${root}/dist/types`, { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  const text = await readFile(`${root}/dist/types/${name}`, 'utf8');
  await writeFile(`${root}/dist/types/${name}`, text.replace(/((?:from |import\()'\.[^']*)\.ts'/g, "$1.js'"));
}
