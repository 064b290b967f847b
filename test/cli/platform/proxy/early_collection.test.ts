import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import { collectBuffersEarly, litterHeap } from '../../../../cli/platform/proxy/early_collection.ts';
import { runCommand } from '../../../_lib/command.ts';
import { findNodeRelease } from '../../../_lib/node_release.ts';
import { ROOT } from '../../../_lib/sig.ts';

/** Says what it did, then reads 640 MiB, as far as V8 can tell. */
const PROBE = `
const { collectBuffersEarly } = await import(process.argv[1]);
console.log(process.argv[2] === 'early' && collectBuffersEarly());
for (let i = 0; i < 10_240; i++) new ArrayBuffer(65_536);
`;
const SOURCE = join(ROOT, 'cli/platform/proxy/early_collection.ts');

test.for([22, 24])('P11: collectBuffersEarly() has Node %i collect each 16 MiB', async (major, { skip }) => {
  const node = await findNodeRelease(major);
  if ('reason' in node) return skip(node.reason);
  // Node's own reader of TypeScript would take memory of the kind that is looked at.
  const { code } = await transform(await readFile(SOURCE, 'utf8'), { loader: 'ts' });
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  async function probe(how: string) {
    const args = ['--trace-gc', '--input-type=module', '--eval', PROBE, url, how];
    const { stdout, stderr } = await runCommand((node as { path: string }).path, args, { timeoutMs: 30_000 });
    return { did: /^true$/m.test(stdout), collections: stdout.match(/external memory pressure/g)?.length ?? 0, stderr };
  }
  const [late, early] = [await probe('late'), await probe('early')];
  expect(early).toMatchObject({ did: true, stderr: '' });
  expect(early.collections).toBeGreaterThan(24);
  expect(late.collections).toBeLessThan(22);
});

test('collectBuffersEarly() does nothing where it does not know how', () => {
  const isKnown = !('Deno' in globalThis) && !('Bun' in globalThis) && /^2[2-4]\./.test(process.versions.node);
  expect(collectBuffersEarly()).toBe(isKnown);
});

test("P11: litterHeap() has Deno's V8 collect more often", async () => {
  const deno = join(ROOT, 'node_modules/deno/deno');
  async function countCollections(call: string): Promise<number> {
    const code = `import { litterHeap } from ${JSON.stringify(pathToFileURL(SOURCE).href)};
for (let i = 0; i < 10_240; i++) { new ArrayBuffer(65_536); ${call} }`;
    const args = [
      'run',
      '--allow-all',
      '--quiet',
      '--v8-flags=--trace-gc',
      `data:text/javascript,${encodeURIComponent(code)}`,
    ];
    const { stdout } = await runCommand(deno, args, { timeoutMs: 30_000 });
    return stdout.match(/Scavenge/g)?.length ?? 0;
  }
  const [alone, led] = [await countCollections(''), await countCollections('litterHeap();')];
  expect(led).toBeGreaterThan(alone + 20);
});

test('litterHeap() does nothing elsewhere', () => {
  expect(litterHeap()).toBe('Deno' in globalThis);
});
