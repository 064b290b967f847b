import { expect, test } from 'vitest';
import { isSigError } from '../../../src/errors.ts';
import { chooseAlgorithm, defaultAlgorithm, keyKindOf, PROOF_ALGORITHMS } from '../../../src/dpop/algorithm.ts';
import type { KeyKind } from '../../../src/encoding/signing_key.ts';

test.each<[string[] | undefined, KeyKind | undefined, string]>([
  [undefined, undefined, 'ES256'],
  [undefined, 'Ed25519', 'EdDSA'],
  [['EdDSA'], undefined, 'EdDSA'],
  [['RS256', 'Ed25519', 'EdDSA', 'ES256'], undefined, 'ES256'],
  [['ES256', 'Ed25519'], 'Ed25519', 'Ed25519'],
  [['Ed25519', 'EdDSA'], 'Ed25519', 'EdDSA'],
  [['ES256', 'EdDSA'], 'ES256', 'ES256'],
])('chooseAlgorithm(%j, %j) is %s', (supported, kind, chosen) => {
  expect(chooseAlgorithm(supported, kind)).toBe(chosen);
});

test.each<[string[], KeyKind | undefined]>([
  [[], undefined],
  [['RS256', 'none', 'HS256'], undefined],
  [['EdDSA', 'Ed25519'], 'ES256'],
  [['ES256', 'eddsa'], 'Ed25519'],
])('D9: chooseAlgorithm(%j, %j) finds none', (supported, kind) => {
  expect(() => chooseAlgorithm(supported, kind)).toThrow(
    expect.toSatisfy((error) => isSigError(error, 'E_SIGNING_KEY')),
  );
});

test('keyKindOf() and defaultAlgorithm() know every algorithm and kind', () => {
  expect(PROOF_ALGORITHMS.map(keyKindOf)).toEqual(['ES256', 'Ed25519', 'Ed25519']);
  expect([defaultAlgorithm('ES256'), defaultAlgorithm('Ed25519')]).toEqual(['ES256', 'EdDSA']);
});
