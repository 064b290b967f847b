import { expect, test } from 'vitest';
import { pathnameOf } from '../../../src/target/head.ts';

test.each([
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a?b=c?d', '/a'],
  ['/?x', '/'],
  ['/a%3Fb', '/a%3Fb'],
])('pathnameOf(%j) is %j', (path, pathname) => {
  expect(pathnameOf({ path })).toBe(pathname);
});
