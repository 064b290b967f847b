import { expect, test } from 'vitest';
import { hasOwnExports, listFiles, readSources } from '../_lib/source.ts';

const SOURCES = readSources('src', 'cli');
const TESTS = [...listFiles('test/src'), ...listFiles('test/cli')].filter((path) => path.endsWith('.test.ts'));

test('every source file has its test', () => {
  const missing = SOURCES.filter(hasOwnExports).map((file) => `test/${file.path.replace(/\.ts$/, '.test.ts')}`)
    .filter((path) => !TESTS.includes(path));
  expect(missing).toEqual([]);
});

test('every test in test/src and test/cli has its source file', () => {
  const sources = SOURCES.map((file) => file.path);
  expect(
    TESTS.map((path) => path.slice('test/'.length).replace('.test.ts', '.ts')).filter((path) =>
      !sources.includes(path)
    ),
  )
    .toEqual([]);
});

test('every test file holds a test', () => {
  const empty = readSources('test').filter((file) => file.path.endsWith('.test.ts'))
    .filter((file) => !/\b(?:test|it)\b(?:\.\w+)*\s*[(<]/.test(file.bare)).map((file) => file.path);
  expect(empty).toEqual([]);
});

// A skipped test is a matter of test/run.ts, which demands a reason.
test('no test is switched off or alone', () => {
  const off = readSources('test').flatMap((file) =>
    [...file.bare.matchAll(/\b(?:test|it|describe)\.(?:only|todo|fails)\b/g)].map((found) =>
      `${file.path}: ${found[0]}`
    )
  );
  expect(off).toEqual([]);
});
