import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../_lib/sig.ts';
import { parseSource, readSources } from '../_lib/source.ts';
import { DOORS, judgeImport } from './layers.ts';

const FILES = readSources('src', 'cli');

/** What the law says of one import line in a file of that path. */
function judge(path: string, line: string): string | undefined {
  const file = parseSource(path, line);
  expect(file.imports).toHaveLength(1);
  return judgeImport(file, file.imports[0]!);
}

test('every import points down, through the one door of its package', () => {
  const faults = FILES.flatMap((file) =>
    file.imports.flatMap((found) => {
      const fault = mayStart(file.path, found.path) ? undefined : judgeImport(file, found);
      return fault === undefined ? [] : [`${file.path}:${found.line} imports ${found.specifier}: ${fault}`];
    })
  );
  expect(faults).toEqual([]);
});

/** The start of the program: its files build on each other. */
function mayStart(from: string, to: string | undefined): boolean {
  const start = ['cli/main.ts', 'cli/agent_id_main.ts', 'cli/program.ts', 'cli/app.ts', 'cli/context.ts'];
  return start.includes(from) && to !== undefined && start.includes(to);
}

test('no file imports itself over others', () => {
  const graph = new Map(FILES.map((file) => [
    file.path,
    // What is loaded on demand, as the commands are, waits for nobody.
    file.imports.filter((found) => !found.isType && !found.isLazy && found.path !== undefined).map((found) =>
      found.path!
    ),
  ]));
  expect(findCycles(graph)).toEqual([]);
});

test('every dependency has a door, and every door is a dependency', () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const declared = Object.keys({ ...dependencies, ...optionalDependencies });
  expect(declared.filter((name) => !(name in DOORS))).toEqual([]);
  // playwright-core is looked for where the user has it; the MCP SDK would bring 90 packages, so what
  // is used of it is bundled into the command line and nobody installs it.
  const others = ['playwright-core', '@modelcontextprotocol/sdk'];
  expect(Object.keys(DOORS).filter((name) => !declared.includes(name) && !others.includes(name))).toEqual([]);
});

test.each([
  ['src/rule/a.ts', "import { x } from '../errors.ts';"],
  ['src/apply/a.ts', "import { x } from '../target/target.ts';"],
  ['src/apply/a.ts', "import type { X } from '../credential/cookie.ts';"],
  ['src/encoding/a.ts', "import { x } from './bytes.ts';"],
  ['src/ports.ts', "import type { X } from './target/head.ts';"],
  ['src/sig/a.ts', "import { x } from '../vault/vault.ts';"],
  ['src/proxy/a.ts', "import { x } from '../sig/sig.ts';"],
  ['src/proxy/a.ts', "import { Hono } from 'hono';"],
  ['src/vault/a.ts', "import { x } from '@noble/ciphers/webcrypto.js';"],
  ['cli/platform/a.ts', "import { x } from 'node:fs';"],
  ['cli/platform/a.ts', "import { x } from '../../src/errors.ts';"],
  ['cli/platform/a.ts', "import type { X } from '../command/command.ts';"],
  ['cli/command/a.ts', "import type { Context } from '../context.ts';"],
  ['cli/command/a.ts', "import { x } from '../../src/provider/find.ts';"],
])('the law allows %s: %s', (path, line) => {
  expect(judge(path, line)).toBeUndefined();
});

test.each([
  ['src/rule/a.ts', "import { x } from 'node:fs';"],
  ['src/rule/a.ts', "import { x } from '../credential/cookie.ts';"],
  ['src/rule/a.ts', "export { x } from '../credential/cookie.ts';"],
  ['src/rule/a.ts', "const x = import('../login/login.ts');"],
  ['src/rule/a.ts', "import type { X } from '../login/login.ts';"],
  ['src/target/a.ts', "import { x } from '../provider/find.ts';"],
  ['src/errors.ts', "import { x } from './target/target.ts';"],
  ['src/errors.ts', "import type { X } from './target/target.ts';"],
  ['src/sig/a.ts', "import { x } from '../proxy/app.ts';"],
  ['src/sig/a.ts', "import { x } from '../login/login.ts';"],
  ['src/login/a.ts', "import { x } from '../proxy/policy.ts';"],
  ['src/vault/a.ts', "import { x } from '../../cli/io.ts';"],
  ['src/new_folder/a.ts', "import { x } from '../errors.ts';"],
  ['src/rule/a.ts', "import { x } from 'yaml';"],
  ['src/rule/a.ts', "import { x } from 'left-pad';"],
  ['src/rule/a.ts', "import { x } from './b';"],
  ['cli/command/a.ts', "import { x } from '../platform/send.ts';"],
  ['cli/command/a.ts', "import { x } from 'node:fs';"],
  ['cli/command/a.ts', "import { x } from '../context.ts';"],
  ['cli/command/a.ts', "import { cac } from 'cac';"],
  ['cli/platform/a.ts', "import { x } from '../command/get.ts';"],
  ['cli/platform/a.ts', "import { x } from '../../src/login/login.ts';"],
  ['cli/io.ts', "import { x } from './main.ts';"],
  ['cli/platform/a.ts', "import { x } from '../mod.ts';"],
])('the law refuses %s: %s', (path, line) => {
  expect(judge(path, line)).toBeTypeOf('string');
});

test('findCycles() finds a cycle', () => {
  const graph = new Map([['a', ['b']], ['b', ['c', 'd']], ['c', ['a']], ['d', []]]);
  expect(findCycles(graph)).toEqual(['a > b > c > a']);
});

function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: readonly string[]) => {
    if (trail.includes(node)) cycles.push([...trail.slice(trail.indexOf(node)), node].join(' > '));
    if (done.has(node) || trail.includes(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}
