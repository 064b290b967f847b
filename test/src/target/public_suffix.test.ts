import { readFileSync } from 'node:fs';
import psl from 'psl';
import { expect, test } from 'vitest';
import { canonicalHost } from '../../../src/target/host.ts';
import { parentOf } from '../../../src/target/domain.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';

const root = new URL('../../..', import.meta.url);
const cases = readFileSync(new URL('test/vector/public_suffix.txt', root), 'utf8').split('\n')
  .filter((line) => line !== '' && !line.startsWith('//')).map((line) => line.split(' ') as [string, string]);

test('H9: isPublicSuffix() passes the test cases of the Public Suffix List', () => {
  expect(cases.length).toBeGreaterThan(70);
  for (const [raw, registrable] of cases) {
    const host = canonicalHost(raw);
    expect(isPublicSuffix(host), raw).toBe(registrable === 'null');
    // What can be registered stands right under a public suffix.
    if (registrable !== 'null') expect(isPublicSuffix(parentOf(canonicalHost(registrable))!), raw).toBe(true);
  }
});

test.each([
  'com',
  'co.uk',
  'github.io',
  'blogspot.com',
  'pages.dev',
  'herokuapp.com',
  'localhost',
  'internal',
  'lan',
  's3.amazonaws.com',
])(
  'H9: isPublicSuffix(%j)',
  (host) => {
    expect(isPublicSuffix(host)).toBe(true);
  },
);

test.each(['example.com', 'a.co.uk', 'ann.github.io', '127.0.0.1', '[::1]', 'a.b.c.localhost', 'example.internal'])(
  'isPublicSuffix(%j) is false',
  (host) => {
    expect(isPublicSuffix(host)).toBe(false);
  },
);

test('H9: isPublicSuffix() agrees with another library about each rule of the list, but for the age of the lists', () => {
  const source = readFileSync(new URL('node_modules/psl/data/rules.js', root), 'utf8');
  const rules = JSON.parse(source.replace(/^export default /, '').replace(/,?\s*\];?\s*$/, ']')) as string[];
  expect(rules.length).toBeGreaterThan(9000);
  let disagreements = 0;
  for (const rule of rules) {
    // An example of each rule: the suffix, something under it, and the exceptions as they stand.
    const suffix = rule.replace(/^!/, '').replace(/^\*/, 'any').toLowerCase();
    for (const raw of [suffix, `under.${suffix}`]) {
      const host = canonicalHost(raw);
      if (isPublicSuffix(host) !== (psl.get(host) === null)) disagreements++;
    }
  }
  expect(disagreements / (2 * rules.length)).toBeLessThan(0.02);
});
