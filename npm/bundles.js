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
 * Packages that are large or that few commands use: each is a file of its own, loaded when its first user is.
 */
const APART = {
  yaml: /^yaml$/,
  tldts: /^tldts$/,
  jose: /^jose$/,
  hono: /^hono$/,
  uqr: /^uqr$/,
  mcp: /^@modelcontextprotocol\/sdk\//,
};

/** @type {import('esbuild').BuildOptions} */
export const executableBundle = {
  ...common,
  splitting: false,
  minify: true,
  keepNames: false,
};

/**
 * The command line, as CommonJS: Node has its loader for modules ready only some 20 ms later. `sig.cjs` is all that
 * `--version` needs; everything of ours is in `program.cjs`, whose modules come to life when they are first imported.
 *
 * @returns {import('esbuild').BuildOptions[]}
 */
export function cliBundles(outdir = 'dist/bin') {
  /** @type {import('esbuild').BuildOptions} */
  const commonJs = {
    ...executableBundle,
    format: 'cjs',
    outdir,
    outExtension: { '.js': '.cjs' },
    external: ['node:*', '@napi-rs/keyring', 'playwright-core'],
    // It becomes require().
    supported: { 'dynamic-import': false },
  };
  const own = { sig: 'cli/main.ts', 'agent-id': 'cli/agent_id_main.ts', program: 'cli/program.ts' };
  const packages = Object.keys(APART).filter((name) => name !== 'mcp');
  return [
    { ...commonJs, entryPoints: own, plugins: [apart] },
    { ...commonJs, entryPoints: Object.fromEntries(packages.map((name) => [name, name])) },
    { ...commonJs, outdir: undefined, outfile: `${outdir}/mcp.cjs`, stdin: { contents: MCP, resolveDir: root } },
  ];
}

const MCP = ['server/index.js', 'server/stdio.js', 'types.js']
  .map((path) => `export * from '@modelcontextprotocol/sdk/${path}';`).join('\n');

/** @type {import('esbuild').Plugin} */
const apart = {
  name: 'files of their own',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ path }) => {
      const found = Object.entries(APART).find(([, pattern]) => pattern.test(path));
      return found && { path: `./${found[0]}.cjs`, external: true };
    });
    onResolve(
      { filter: /\/program\.ts$/ },
      ({ kind }) => kind === 'dynamic-import' ? { path: './program.cjs', external: true } : undefined,
    );
  },
};
