// Runs the examples of docstrings, so that what the documentation shows is what the code does.
import { build } from 'esbuild';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One code block of a docstring. */
export interface Example {
  /** File and line where it begins. */
  readonly place: string;
  readonly code: string;
}

/** The ```ts blocks in the docstrings of some files. */
export async function findExamples(files: readonly string[]): Promise<Example[]> {
  const examples: Example[] = [];
  for (const file of files) {
    const text = await readFile(join(root, file), 'utf8');
    for (const found of text.matchAll(/^ *\* ```ts\n([\s\S]*?)^ *\* ```$/gm)) {
      const line = text.slice(0, found.index).split('\n').length;
      examples.push({ place: `${file}:${line}`, code: found[1]!.replace(/^ *\* ?/gm, '') });
    }
  }
  return examples;
}

/**
 * Runs an example as the body of a function.
 *
 * @param entries the source file behind each import path that examples use
 * @param prelude what they may use without saying where it comes from; left out where an example has imports
 */
export async function runExample(example: Example, entries: Record<string, string>, prelude: string): Promise<void> {
  const imports = example.code.match(/^import .*$/gm) ?? [];
  const body = example.code.replace(/^import .*$/gm, '');
  const contents = `${
    imports.length > 0 ? imports.join('\n') : prelude
  }\nexport default async function () {\n${body}\n}`;
  const folder = await mkdtemp(join(tmpdir(), 'sig-example-'));
  try {
    const outfile = join(folder, 'example.mjs');
    const { outputFiles } = await build({
      absWorkingDir: root,
      stdin: { contents, resolveDir: root, loader: 'ts', sourcefile: example.place },
      alias: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)])),
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      write: false,
      logLevel: 'silent',
    });
    await writeFile(outfile, outputFiles[0]!.contents);
    const { default: run } = await import(/* @vite-ignore */ pathToFileURL(outfile).href);
    await run();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
