import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { VERSION } from '../../cli/platform/version.ts';
import { ROOT } from '../_lib/sig.ts';

const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
const deno = read('deno.json') as { name: string; version: string; license: string; exports: Record<string, string> };
const npm = read('package.json') as {
  name: string;
  version: string;
  license: string;
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
};

/** The bundle that npm/build.js makes of an entry. */
function builtName(entry: string): string {
  return `./dist/${entry === '.' ? 'mod' : entry.slice(2)}.js`;
}

test('deno.json, package.json and the command line agree on name, version and license', () => {
  expect([npm.name, npm.version, npm.license]).toEqual([deno.name, deno.version, deno.license]);
  expect(VERSION).toBe(deno.version);
});

test('package.json exports each entry of deno.json, as it is built, and nothing else', () => {
  const expected = Object.fromEntries(
    Object.entries(deno.exports).map(([entry, source]) => [entry, {
      types: `./dist/types/${source.slice(2).replace(/\.ts$/, '.d.ts')}`,
      default: builtName(entry),
    }]),
  );
  expect(npm.exports).toEqual({ ...expected, './package.json': './package.json' });
});

test('each built entry has the names of its source', async () => {
  for (const [entry, source] of Object.entries(deno.exports)) {
    const built = await import(pathToFileURL(join(ROOT, builtName(entry))).href);
    const original = await import(pathToFileURL(join(ROOT, source)).href);
    expect([entry, Object.keys(built).sort()]).toEqual([entry, Object.keys(original).sort()]);
  }
});

test('each documented file of the package is there', () => {
  for (const name of ['README.md', 'LICENSE']) expect([name, existsSync(join(ROOT, name))]).toEqual([name, true]);
});
