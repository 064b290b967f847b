import { expect, test } from 'vitest';
import { redirectTarget } from '../../../src/sig/redirect.ts';
import { answer, headOf } from '../../_lib/fixture.ts';

const target = (status: number, location?: string) =>
  redirectTarget({
    head: headOf('https://a.example/x/y'),
    response: answer(status, '', location === undefined ? [] : [['location', location]]),
  });

test.each([
  ['z', 'a.example', 443],
  ['/z', 'a.example', 443],
  ['//b.example:8443/', 'b.example', 8443],
  ['https://B.example./', 'b.example', 443],
])('redirectTarget() of %s', (location, host, port) => {
  expect(target(302, location)).toEqual({ scheme: 'https', host, port });
});

test.each([[200, '/z'], [304, '/z'], [300, '/z'], [302, undefined], [302, 'http://[']])(
  'redirectTarget() of %i %j is none',
  (status, location) => {
    expect(target(status, location)).toBeUndefined();
  },
);

test.each(['javascript:alert(1)', 'file:///etc/passwd', 'https://u@b.example/'])(
  'H17: redirectTarget() refuses %s',
  (location) => {
    expect(() => target(302, location)).toThrow(expect.objectContaining({ code: 'E_TARGET' }));
  },
);
