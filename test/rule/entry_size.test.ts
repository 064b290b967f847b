import { build } from 'esbuild';
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { libraryBundle } from '../../npm/bundles.js';
import { needCommands, runCommand } from '../_lib/command.ts';
import { ROOT } from '../_lib/sig.ts';

/** What each entry may add to a program, with all its dependencies: minified and gzipped, in kB. */
const BUDGETS_KB: Readonly<Record<string, number>> = {
  '.': 140,
  './dpop': 13,
  './message-signature': 12,
  './agent-id': 36,
  './proxy': 18,
  './platform': 180,
};
/** What the entry for programs on Node, Deno and Bun finds there. */
const PLATFORM_EXTERNAL = ['node:*', '@napi-rs/keyring'];
/** What `npm install` may download for our own package, in kB; and unpacked. */
const PACKED_KB = 680;
const UNPACKED_KB = 2100;

const { exports } = JSON.parse(readFileSync(join(ROOT, 'deno.json'), 'utf8')) as { exports: Record<string, string> };
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

test.each(Object.entries(exports))(
  'entry "%s" stays within its budget, and the README says its size',
  async (entry, source) => {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: [source],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2023',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      // The other entries must do without.
      external: entry === './platform' ? PLATFORM_EXTERNAL : [],
      write: false,
      logLevel: 'error',
    });
    const sizeKb = gzipSync(Buffer.from(outputFiles[0]!.contents), { level: 9 }).length / 1000;
    expect(sizeKb).toBeLessThan(BUDGETS_KB[entry] ?? 0);
    const name = entry === '.' ? '@sigcli/cli' : `@sigcli/cli/${entry.slice(2)}`;
    const row = new RegExp(`^\\| \`${name}\` +\\| (\\d+) kB`, 'm').exec(readme);
    expect(row, `a row for ${name}: ${sizeKb.toFixed(1)} kB`).not.toBeNull();
    expect(Math.abs(Number(row![1]) - sizeKb), `${name}: ${sizeKb.toFixed(1)} kB`).toBeLessThan(
      Math.max(2, sizeKb / 10),
    );
  },
);

test.each([
  ['createProof', './dist/dpop.js', 'dpop+jwt', 'use_dpop_nonce'],
  ['createFolderStore', './dist/platform.js', 'E_NOT_INITIALISED', 'loginUrlPatterns'],
])('what is unused of an entry falls away: %s', async (name, path, used, unused) => {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: `export { ${name} } from '${path}';`, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: PLATFORM_EXTERNAL,
    write: false,
    // Outside of node_modules it says what it leaves out.
    logLevel: 'error',
  });
  expect(outputFiles[0]!.text).toContain(used);
  expect(outputFiles[0]!.text).not.toContain(unused);
});

test('the entry "./platform" has no part in a browser', async () => {
  const { metafile } = await build({ ...libraryBundle, write: false, metafile: true });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain('cli/open_sig.ts');
  expect(inputs.filter((path) => path.includes('/browser/') || path.startsWith('cli/command/'))).toEqual([]);
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(imported).not.toContain('playwright-core');
});

test('the package is small and runs no script when it is installed', async ({ skip }) => {
  const [npm] = needCommands(skip, 'npm');
  const { code, stdout } = await runCommand(npm!, ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  expect(code).toBe(0);
  const [packed] = JSON.parse(stdout) as [{ size: number; unpackedSize: number }];
  expect(packed!.size / 1000, 'packed').toBeLessThan(PACKED_KB);
  expect(packed!.unpackedSize / 1000, 'unpacked').toBeLessThan(UNPACKED_KB);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(Object.keys(scripts).filter((name) => /^(?:pre|post)?install$/.test(name))).toEqual([]);
});
