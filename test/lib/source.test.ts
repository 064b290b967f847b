import { expect, test } from 'vitest';
import { findInCode, hasOwnExports, parseSource, readSources } from '../_lib/source.ts';

test('parseSource() tells imports of values from imports of types, over several lines too', () => {
  const file = parseSource(
    'src/a/b.ts',
    `import type { A } from './a.ts';
import { type B } from '../b.ts';
import {
  c,
  type D,
} from '../c/c.ts';
import * as e from 'e';
import 'side-effect';
export * from './star.ts';
export type { F } from './f.ts';
// import { no } from './comment.ts';
const text = \`
import { no } from './template.ts';
\`;
const g = await import('./g.ts');
`,
  );
  expect(file.imports.map(({ specifier, isType, line }) => [specifier, isType, line])).toEqual([
    ['./a.ts', true, 1],
    ['../b.ts', false, 2],
    ['../c/c.ts', false, 3],
    ['e', false, 7],
    ['side-effect', false, 8],
    ['./star.ts', false, 9],
    ['./f.ts', true, 10],
    ['./g.ts', false, 15],
  ]);
  expect(file.imports[1]!.path).toBe('src/b.ts');
  expect(file.imports[3]!.path).toBeUndefined();
  expect(file.imports.filter((found) => found.isLazy).map((found) => found.specifier)).toEqual(['./g.ts']);
});

test('parseSource() hides comments, and texts where asked, and keeps every line', () => {
  const text = `const a = 'x // eval'; // eval
/* eval
 */ const b = \`eval \${run('eval') + \`\${deep}\`} eval\`;
const c = /['"\`/]eval/.test(d) ? 4 / 2 / 1 : "it\\"s eval";
call();
`;
  const { code, bare } = parseSource('src/x.ts', text);
  expect(code.split('\n').length).toBe(text.split('\n').length);
  expect(code.match(/eval/g)).toHaveLength(6);
  expect(bare).not.toContain('eval');
  expect(bare).toContain('run(');
  expect(bare).toContain('deep');
  expect(bare).toContain('4 / 2 / 1');
  expect(bare).toContain('call();');
});

test('findInCode() gives the place of each hit', () => {
  const file = parseSource('src/x.ts', '// eval()\n\neval();\n"eval"; eval ();\n');
  expect(findInCode([file], /\beval\s*\(/)).toEqual(['src/x.ts:3', 'src/x.ts:4']);
});

test('hasOwnExports() overlooks types and re-exports', () => {
  const own = (text: string) => hasOwnExports(parseSource('src/x.ts', text));
  expect(own('export const a = 1;')).toBe(true);
  expect(own('export async function a() {}')).toBe(true);
  expect(own('export type A = 1;\nexport interface B {}')).toBe(false);
  expect(own("export { a } from './a.ts';")).toBe(false);
});

test('readSources() reads the sources of this repository', () => {
  const paths = readSources('src').map((file) => file.path);
  expect(paths).toContain('src/errors.ts');
  expect(paths).toContain('src/encoding/hex.ts');
  expect(readSources('no-such-folder')).toEqual([]);
});
