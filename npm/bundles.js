// What is bundled and how, for npm/build.js and for the test that looks at what a command loads.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
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

/**
 * The library entries; dependencies stay imports.
 * @type {import('esbuild').BuildOptions}
 */
export const libraryBundle = {
  ...common,
  entryPoints: Object.fromEntries(
    Object.entries(exports).map(([name, source]) => [name === '.' ? 'mod' : name.slice(2), source]),
  ),
  outdir: 'dist',
  packages: 'external',
};

/**
 * The command line: one bundle in lazily loaded pieces, so that a command pays only for what it uses.
 * @type {import('esbuild').BuildOptions}
 */
export const cliBundle = {
  ...common,
  entryPoints: { sig: 'cli/main.ts', 'agent-id': 'cli/agent_id_main.ts' },
  outdir: 'dist/bin',
  minify: true,
  keepNames: false,
  external: ['node:*', '@napi-rs/keyring', 'playwright-core'],
};
