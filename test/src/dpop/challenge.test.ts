import { expect, test } from 'vitest';
import { parseChallenges } from '../../../src/dpop/challenge.ts';

const read = (field: string | null) =>
  parseChallenges(field).map(({ scheme, params, token68 }) => [scheme, token68 ?? Object.fromEntries(params)]);

test.each<[string | null, unknown[]]>([
  [null, []],
  ['', []],
  [' , ,', []],
  ['DPoP', [['dpop', {}]]],
  ['DPoP algs="ES256 PS256"', [['dpop', { algs: 'ES256 PS256' }]]],
  // RFC 9449 Fig. 15 and §7.1
  ['DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256"', [['dpop', {
    error: 'invalid_token',
    error_description: 'Invalid DPoP key binding',
    algs: 'ES256',
  }]]],
  ['Bearer, DPoP algs="ES256"', [['bearer', {}], ['dpop', { algs: 'ES256' }]]],
  ['Bearer realm="a", DPoP realm="b", error="e"', [['bearer', { realm: 'a' }], ['dpop', { realm: 'b', error: 'e' }]]],
  // express-oauth2-dpop leaves out a comma.
  ['DPoP realm="x" error="invalid_dpop_proof", error_description="y"', [['dpop', {
    realm: 'x',
    error: 'invalid_dpop_proof',
    error_description: 'y',
  }]]],
  ['DPoP error=use_dpop_nonce', [['dpop', { error: 'use_dpop_nonce' }]]],
  ['DPOP ERROR = "a"', [['dpop', { error: 'a' }]]],
  ['DPoP error="a", error="b"', [['dpop', { error: 'a' }]]],
  ['Negotiate YII=, DPoP error="a"', [['negotiate', 'YII='], ['dpop', { error: 'a' }]]],
  ['Negotiate YII==', [['negotiate', 'YII==']]],
  ['Basic DPoP error="a"', [['basic', {}], ['dpop', { error: 'a' }]]],
  ['DPoP d="a \\"quoted\\" \\\\ text, DPoP error=\\"x\\""', [['dpop', { d: 'a "quoted" \\ text, DPoP error="x"' }]]],
  ['DPoP error="unterminated', [['dpop', { error: 'unterminated' }]]],
  ['=a, ;;; DPoP error="a"', [['a', {}], ['dpop', { error: 'a' }]]],
  ['DPoP __proto__="a", constructor="b"', [['dpop', Object.fromEntries([['__proto__', 'a'], ['constructor', 'b']])]]],
])('parseChallenges(%j)', (field, expected) => {
  expect(read(field)).toEqual(expected);
});

test('parseChallenges() is bounded in length, challenges and parameters', () => {
  expect(parseChallenges('a, '.repeat(100_000)).length).toBe(16);
  const [challenge] = parseChallenges(`DPoP ${Array.from({ length: 500 }, (_, i) => `p${i}=1`).join(', ')}`);
  expect(challenge!.params.size).toBe(64);
  expect(parseChallenges(`X ${' '.repeat(10_000)}, DPoP`).length).toBe(1);
});

test('parseChallenges() ends in good time on hostile input', () => {
  const start = performance.now();
  for (const piece of ['"', '\\"', 'a=', 'a ', '=', 'a="', ',', 'a=a ', '\\', 'DPoP a="\\']) {
    parseChallenges(piece.repeat(8192));
  }
  expect(performance.now() - start).toBeLessThan(2000);
});

test('parseChallenges() never throws on random bytes', () => {
  let seed = 1;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const alphabet = 'aD=",\\ \t;/+.~\u0000é';
  for (let i = 0; i < 5000; i++) {
    const text = Array.from({ length: 40 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
    expect(Array.isArray(parseChallenges(text))).toBe(true);
  }
});
