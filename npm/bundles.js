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
  chunkNames: 'chunk/[name]-[hash]',
  packages: 'external',
};

/**
 * What the forms of the command line have in common.
 *
 * @type {import('esbuild').BuildOptions}
 */
export const executableBundle = {
  ...common,
  splitting: false,
  minify: true,
  keepNames: false,
};
