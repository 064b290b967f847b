import { expect, test } from 'vitest';
import { nextHop } from '../../../src/dpop/redirect.ts';
import { isSigError } from '../../../src/errors.ts';

const from = 'https://a.example/x/y?q';
const redirect = (status: number, location?: string) =>
  new Response(null, { status, headers: location === undefined ? {} : { location } });

test.each([
  [301, 'POST', 'GET', true],
  [302, 'POST', 'GET', true],
  [303, 'POST', 'GET', true],
  [303, 'PUT', 'GET', true],
  [303, 'HEAD', 'HEAD', false],
  [301, 'PUT', 'PUT', false],
  [307, 'POST', 'POST', false],
  [308, 'DELETE', 'DELETE', false],
  [302, 'GET', 'GET', false],
])('nextHop() of %d %s is %s', (status, method, next, dropsBody) => {
  expect(nextHop(method, from, redirect(status, '../z?a'))).toEqual({
    method: next,
    url: 'https://a.example/z?a',
    dropsBody,
  });
});

test.each([[200, '/z'], [304, '/z'], [300, '/z'], [302, undefined]])(
  'nextHop() of status %d and location %j is none',
  (status, location) => {
    expect(nextHop('GET', from, redirect(status, location))).toBeUndefined();
  },
);

test.each([
  'https://b.example/',
  'http://a.example/',
  'https://a.example:8443/',
  '//b.example/',
  'https://a.example.b.example/',
  'https://u@a.example/',
  'https://u:p@a.example/',
  'javascript:1',
  'data:,x',
  'https://',
  '\\\\b.example\\',
])(
  'D5: nextHop() refuses to go to %j',
  (location) => {
    expect(() => nextHop('GET', from, redirect(302, location))).toThrow(
      expect.toSatisfy((error) => isSigError(error, 'E_REDIRECT')),
    );
  },
);
