import { expect, test } from 'vitest';
import { placeInBody, placeInHead } from '../../../src/apply/place.ts';
import type { Placement } from '../../../src/apply/placement.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { markRepeated } from '../../../src/target/repeated.ts';
import { headOf } from '../../_lib/fixture.ts';

const place = (more: Partial<Placement>): Placement => ({
  provider: 'a',
  in: 'header',
  name: 'X',
  action: 'set',
  value: 'v',
  ...more,
});
const headers = (given: [string, string][], ...placements: Placement[]) =>
  placeInHead(headOf('https://a.example/', 'GET', given), placements).headers.slice(1);
const path = (url: string, ...placements: Placement[]) => placeInHead(headOf(url), placements).path;
const body = (text: string, type: string | undefined, ...placements: Placement[]) =>
  new TextDecoder().decode(placeInBody(encodeUtf8(text), type, placements));
const field = (more: Partial<Placement> = {}) => place({ in: 'body', name: 'key', ...more });

test('placeInHead() keeps order, case and duplicates of what it does not touch', () => {
  expect(headers([['b', '1'], ['A', '2'], ['b', '3']], place({}))).toEqual([['b', '1'], ['A', '2'], ['b', '3'], [
    'X',
    'v',
  ]]);
});

test('S24: placeInHead() keeps nothing of its own of what it placed', () => {
  const fields: HeaderPairs = [['A', '1']];
  const head = { ...headOf('https://a.example/'), headers: fields };
  const placedWith = (value: string, known?: WeakMap<HeaderPairs, HeaderPairs>) =>
    placeInHead(head, [place({ value })], known).headers;
  const known = new WeakMap<HeaderPairs, HeaderPairs>();
  expect(placedWith('v', known)).not.toBe(placedWith('v', known));
  markRepeated(fields);
  const first = placedWith('v', known);
  expect(first).toEqual([['A', '1'], ['X', 'v']]);
  expect(placedWith('v', known)).toBe(first);
  // Who forgets the secrets forgets the memory of them with it.
  expect(placedWith('w', new WeakMap())).toEqual([['A', '1'], ['X', 'w']]);
  expect(placedWith('w')).toEqual([['A', '1'], ['X', 'w']]);
});

test('placeInHead() puts a query into the path of each head, whatever it remembers of the fields', () => {
  const known = new WeakMap<HeaderPairs, HeaderPairs>();
  const placements = [place({}), place({ in: 'query', name: 'k' })];
  const { headers: fields } = headOf('https://a.example/');
  markRepeated(fields);
  for (const url of ['/a', '/b?x=1']) {
    const head = { ...headOf(`https://a.example${url}`), headers: fields };
    expect(placeInHead(head, placements, known)).toEqual(placeInHead(head, placements));
  }
});

test("X10: a set header replaces every spelling of the client's own", () => {
  const own: [string, string][] = [['authorization', 'mine'], ['Authorization', 'again'], ['X_Csrf_Token', 'twin'], [
    'x-csrf-token',
    'own',
  ]];
  expect(headers(own, place({ name: 'Authorization' }), place({ name: 'X-Csrf-Token' }))).toEqual([
    ['Authorization', 'v'],
    ['X-Csrf-Token', 'v'],
  ]);
});

test("an appended header joins the client's own, cookies with a semicolon", () => {
  expect(headers([['cookie', 'a=1'], ['COOKIE', 'b=2']], place({ name: 'Cookie', action: 'append', value: 'c=3' })))
    .toEqual([
      ['Cookie', 'a=1; b=2; c=3'],
    ]);
});

test('a removed header is gone in every spelling', () => {
  expect(headers([['X', '1'], ['x', '2'], ['Y', '3']], place({ action: 'remove', value: '' }))).toEqual([['Y', '3']]);
});

test.each([
  ['https://a.example/p', '/p?key=a%20b%26c'],
  ['https://a.example/p?x=%2f&x=%2F', '/p?x=%2f&x=%2F&key=a%20b%26c'],
  ['https://a.example/p?key=1&k%65y=2&x', '/p?x&key=a%20b%26c'],
  ['https://a.example/p?%zz=1', '/p?%zz=1&key=a%20b%26c'],
])('a set query field of %s leaves the other bytes alone', (url, wanted) => {
  expect(path(url, place({ in: 'query', name: 'key', value: 'a b&c' }))).toBe(wanted);
});

test('query fields append and remove', () => {
  expect(path('https://a.example/?key=1', place({ in: 'query', name: 'key', action: 'append' }))).toBe('/?key=1&key=v');
  expect(path('https://a.example/?key=1', place({ in: 'query', name: 'key', action: 'remove', value: '' }))).toBe('/');
});

test('placeInBody() puts a field into JSON and keeps the rest byte for byte', () => {
  expect(body('{ "n": 12345678901234567890 , "a":1}', 'application/json; charset=utf-8', field())).toBe(
    '{"key":"v", "n": 12345678901234567890 , "a":1}',
  );
  expect(body('{}', 'application/vnd.api+json', field({ value: '$&"' }))).toBe('{"key":"$&\\""}');
});

test('placeInBody() replaces and removes a field that is there', () => {
  expect(JSON.parse(body('{"key":"old","a":1}', 'application/json', field()))).toEqual({ a: 1, key: 'v' });
  expect(JSON.parse(body('{"key":"old","a":1}', 'application/json', field({ action: 'remove' })))).toEqual({ a: 1 });
  expect(body('{"a":1}', 'application/json', field({ action: 'remove' }))).toBe('{"a":1}');
});

test('placeInBody() puts a field into a form', () => {
  expect(body('a=1&key=x', 'application/x-www-form-urlencoded', field())).toBe('a=1&key=v');
  expect(body('', 'application/x-www-form-urlencoded', field())).toBe('key=v');
});

test.each([
  ['{"a":', 'application/json'],
  ['', 'application/json'],
  ['[1]', 'application/json'],
  ['"x"', 'application/json'],
  ['null', 'application/json'],
  ['{"key":1,"n":12345678901234567890}', 'application/json'],
  ['{"a":1}', 'text/plain'],
  ['{"a":1}', undefined],
])('X13: placeInBody() refuses %j as %s', (text, type) => {
  expect(() => body(text, type, field())).toThrow(expect.objectContaining({ code: 'E_BODY' }));
});

test('X13: placeInBody() refuses bytes that are not UTF-8', () => {
  expect(() => placeInBody(new Uint8Array([0x7b, 0xff, 0x7d]), 'application/json', [field()])).toThrow(
    expect.objectContaining({ code: 'E_BODY' }),
  );
});

test('placeInBody() returns the very bytes when no rule is for the body', () => {
  const bytes = encodeUtf8('{"a":');
  expect(placeInBody(bytes, 'application/json', [place({})])).toBe(bytes);
});
