import { expect, test } from 'vitest';
import { findInCode, parseSource, readSources } from '../_lib/source.ts';

/** What must never be in the product: the pattern, whether it shows inside quotes, and an example of each spelling. */
const FORBIDDEN: readonly { name: string; pattern: RegExp; view: 'code' | 'bare'; examples: readonly string[] }[] = [
  {
    name: 'code made from text',
    pattern: /(?<![.\w])eval\s*\(|\bnew\s+Function\b|(?<![.\w])Function\s*\(|\bAsyncFunction\b|\bimportScripts\b/,
    view: 'bare',
    examples: ['eval("1")', 'new Function("x")', 'Function("x")()', 'eval (x)'],
  },
  {
    name: 'the vm module',
    pattern: /['"](?:node:)?vm2?['"]|\bisolated-vm\b/,
    view: 'code',
    examples: ["import vm from 'node:vm';", "require('vm')", "await import('vm2')"],
  },
  {
    name: 'unverified TLS',
    pattern: /\brejectUnauthorized['"]?\s*:(?!\s*true\b)|\brejectUnauthorized\s*=(?!=)/,
    view: 'code',
    examples: ['{ rejectUnauthorized: false }', '{ "rejectUnauthorized": !strict }', 'o.rejectUnauthorized = x'],
  },
  {
    name: 'another check of names in certificates',
    pattern: /\bcheckServerIdentity\b/,
    view: 'bare',
    examples: ['{ checkServerIdentity: () => undefined }', 'checkServerIdentity() {}'],
  },
  {
    name: 'the switch that turns TLS verification off for a whole process',
    pattern: /NODE_TLS_REJECT_UNAUTHORIZED['"]?\]?\s*(?::|=(?!=))/,
    view: 'code',
    examples: ["process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'", "{ 'NODE_TLS_REJECT_UNAUTHORIZED': '0' }"],
  },
  {
    name: 'a shell',
    pattern: /\bshell['"]?\s*:(?!\s*false\b)|\b(?:exec|execSync)\s*\(\s*[`'"]/,
    view: 'code',
    examples: ['spawn(x, [], { shell: true })', 'execSync("ps | grep x")', 'exec(`kill ${pid}`)'],
  },
];

const FILES = readSources('src', 'cli', 'compile');

test.each(FORBIDDEN)('the product has no $name', ({ pattern, view }) => {
  expect(findInCode(FILES, pattern, view)).toEqual([]);
});

test.each(FORBIDDEN)('the law finds $name in every spelling, and not in comments', ({ pattern, view, examples }) => {
  for (const example of examples) {
    expect([example, findInCode([parseSource('src/x.ts', example)], pattern, view).length]).toEqual([example, 1]);
    expect(findInCode([parseSource('src/x.ts', `// ${example}`)], pattern, view)).toEqual([]);
  }
});

test('the law leaves verified TLS and programs without a shell alone', () => {
  for (const code of ['{ rejectUnauthorized: true }', 'spawn(file, args, { shell: false })', 'pattern.exec(text)']) {
    const file = parseSource('src/x.ts', code);
    expect(FORBIDDEN.flatMap(({ pattern, view }) => findInCode([file], pattern, view))).toEqual([]);
  }
});
