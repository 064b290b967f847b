import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../_lib/sig.ts';
import { parseSource, readSources } from '../_lib/source.ts';

const MAX_LINES = 400;
const MAX_NAMES = 30;
const { exports } = JSON.parse(readFileSync(join(ROOT, 'deno.json'), 'utf8')) as { exports: Record<string, string> };

test(`no file has more than ${MAX_LINES} lines`, () => {
  const long = readSources('src', 'cli', 'compile', 'npm', 'test')
    // Vectors are tables of others' data.
    .filter((file) => !file.path.startsWith('test/vector/'))
    .map((file) => [file.path, file.text.trimEnd().split('\n').length] as const)
    .filter(([, lines]) => lines > MAX_LINES);
  expect(long).toEqual([]);
});

test(`no door has more than ${MAX_NAMES} names, and doors only re-export`, () => {
  for (const path of Object.values(exports)) {
    const door = parseSource(path, readFileSync(join(ROOT, path), 'utf8'));
    expect([path, namesOf(door.bare).length <= MAX_NAMES]).toEqual([path, true]);
    const rest = door.code.replace(/^export\s+(?:type\s+)?\{[^}]*\}\s+from\s+'[^']+';$/gm, '').trim();
    expect([path, rest]).toEqual([path, '']);
  }
});

test('namesOf() counts types and values, by their outer name', () => {
  const { bare } = parseSource(
    'x.ts',
    "export { a, type B, c as d } from './x.ts';\nexport type {\n  E,\n} from './y.ts';",
  );
  expect(namesOf(bare)).toEqual(['a', 'B', 'd', 'E']);
});

function namesOf(code: string): string[] {
  return [...code.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}/gm)].flatMap((found) =>
    found[1]!.split(',').map((name) => name.trim().split(/\s+/).at(-1)!).filter((name) => name !== '')
  );
}
