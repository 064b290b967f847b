import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../_lib/sig.ts';
import { parseSource, readSources, type SourceFile } from '../_lib/source.ts';

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];

/** Exported names of a file that no doc comment stands before. */
function undocumented(file: SourceFile): string[] {
  const lines = file.text.split('\n');
  return lines.flatMap((line, at) => {
    const name =
      /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|const|let|class|interface|type|enum)\s+(\w+)/
        .exec(line)?.[1];
    if (name === undefined || lines[at - 1]?.trimEnd().endsWith('*/')) return [];
    // Overloads share the comment of the first.
    if (lines[at - 1]?.startsWith(`export function ${name}`)) return [];
    return [`${file.path}:${at + 1} ${name}`];
  });
}

/** Paths of this repository that a document names: in backquotes, or as a link. */
function namedPaths(text: string): string[] {
  const quoted = [...text.matchAll(/`((?:src|cli|test|npm|compile|\.ci)\/[^`\s<>*]*)`/g)].map((found) => found[1]!);
  const linked = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].map((found) => found[1]!);
  return [...quoted, ...linked].map((path) => path.replace(/:\d+$/, ''));
}

test('each exported symbol of the core, and of the files behind the entry "./platform", is documented', () => {
  const behind = /(?<=from '\.\/)[^']+/g;
  const paths = readFileSync(join(ROOT, 'cli/mod.ts'), 'utf8').match(behind)!.map((path) => `cli/${path}`);
  const files = [...readSources('src'), ...readSources('cli').filter(({ path }) => paths.includes(path))];
  expect(files.length).toBe(readSources('src').length + paths.length);
  expect(files.flatMap(undocumented)).toEqual([]);
});

test.each(DOCUMENTS)('each path that %s names exists', (name) => {
  const file = join(ROOT, name);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  expect(namedPaths(text).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('undocumented() finds what has no comment right before it', () => {
  const file = parseSource(
    'src/x.ts',
    `/** Said. */
export function a(): void;
export function a(x?: string): void {}

export const b = 1;
// Not a doc comment.
export interface C {}
/** Said. */

export async function d() {}
/**
 * Said.
 */
export type E = 1;
`,
  );
  expect(undocumented(file)).toEqual(['src/x.ts:5 b', 'src/x.ts:7 C', 'src/x.ts:10 d']);
});

test('namedPaths() finds quoted paths and links', () => {
  expect(namedPaths('`src/a.ts` `src/b.ts:12` `no/path` [x](SECURITY.md#y) [z](https://a.example/) `test/*.ts`'))
    .toEqual([
      'src/a.ts',
      'src/b.ts',
      'SECURITY.md',
    ]);
});
