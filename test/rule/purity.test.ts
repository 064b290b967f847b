import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../_lib/sig.ts';
import { findInCode, parseSource, readSources } from '../_lib/source.ts';

/** What ties code to one runtime, or makes it act by itself. The type check finds `node:` types; these are globals. */
const IMPURE: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['the process', /(?<![.\w])process\b(?!\s*[:?(])/],
  ['Deno or Bun', /(?<![.\w])(?:Deno|Bun)\b(?!\.customInspect)/],
  ['Buffer', /(?<![.\w])Buffer\b/],
  ['the console', /(?<![.\w])console\b/],
  ['a timer', /(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(/],
  ['the network', /(?<![.\w])fetch\s*\((?!\w+\??:)/],
  ['a socket', /(?<![.\w])(?:WebSocket|XMLHttpRequest|EventSource)\b/],
  ['storage', /(?<![.\w])(?:localStorage|sessionStorage|indexedDB)\s*[.[]/],
  ['predictable randomness', /\bMath\.random\b/],
];

// What a caller can replace is a default: `now = Date.now`, `options.nowSec ?? Date.now() / 1000`.
const CLOCK = /(?<!(?<!\b(?:const|let|var)\s+[\w: ]+)=\s*|\?\?[^;]{0,80})\b(?:Date\.now\b|new Date\(\s*\))/;

/** `sendByFetch` is the Send of runtimes that have no other network: who hands it in has chosen it. */
const ADAPTERS = ['src/sig/fetch.ts'];

const FILES = readSources('src').filter((file) => !ADAPTERS.includes(file.path));

test.each(IMPURE)('the core does not touch %s', (_name, pattern) => {
  expect(findInCode(FILES, pattern)).toEqual([]);
});

test('the core reads no clock that a caller cannot replace', () => {
  expect(findInCode(FILES, CLOCK)).toEqual([]);
});

test.each([
  'process.env.HOME',
  'if (process) {}',
  'Deno.cwd()',
  'Bun.file(x)',
  'Buffer.from(x)',
  'console.log(x)',
  'setTimeout(() => {}, 1)',
  'await fetch(url)',
  'new WebSocket(url)',
  'localStorage.getItem(x)',
  'Math.random()',
])('the law finds %s', (code) => {
  const file = parseSource('src/x.ts', code);
  expect(IMPURE.filter(([, pattern]) => findInCode([file], pattern).length > 0)).toHaveLength(1);
});

test.each([
  '"process.env"',
  '// Deno.cwd()',
  'options.fetch(url)',
  'fetch(request: Request): Promise<Response>;',
  'sig.fetch(r)',
  'this.process(x)',
  'pair.process',
])(
  'the law leaves %s alone',
  (code) => {
    const file = parseSource('src/x.ts', code);
    expect(IMPURE.filter(([, pattern]) => findInCode([file], pattern).length > 0)).toEqual([]);
  },
);

test('the law tells a clock from a default clock', () => {
  const hits = (code: string) => findInCode([parseSource('src/x.ts', code)], CLOCK).length;
  expect([hits('const a = Date.now();'), hits('let a: number = Date.now()'), hits('f(new Date())')]).toEqual([1, 1, 1]);
  expect(hits('function f(now: () => number = Date.now) {}')).toBe(0);
  expect(hits('const a = options.nowSec ?? Math.floor(Date.now() / 1000);')).toBe(0);
  expect(hits('const a = b ?? 1; f(Date.now());')).toBe(1);
  expect(hits('f({ created: Math.floor(Date.now() / 1000) });')).toBe(1);
});

test('npm/tsconfig.core.json checks the core with the types of the web alone', () => {
  const { compilerOptions, include } = JSON.parse(readFileSync(join(ROOT, 'npm/tsconfig.core.json'), 'utf8'));
  expect(compilerOptions.types).toEqual([]);
  expect(include).toEqual(['../src']);
});
