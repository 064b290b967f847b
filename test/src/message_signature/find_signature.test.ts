import { expect, test } from 'vitest';
import { findSignature, type SignatureChoice } from '../../../src/message_signature/find_signature.ts';

const message = (input?: string, signature?: string) => ({
  method: 'GET',
  url: 'https://a.example/',
  headers: [
    ...(input === undefined ? [] : [['Signature-Input', input] as const]),
    ...(signature === undefined ? [] : [['Signature', signature] as const]),
  ],
});
const two = message('a=("@method");tag="x";keyid="k1", b=();tag="y";keyid="k2"', 'a=:AAAA:, b=:BBBB:');

test.each<[SignatureChoice, string]>([[{ label: 'a' }, 'a'], [{ tag: 'y' }, 'b'], [{ keyid: 'k1' }, 'a'], [{
  label: 'b',
  tag: 'y',
  keyid: 'k2',
}, 'b']])(
  'findSignature(%j) is %s',
  (choice, label) => {
    expect(findSignature(two, choice)).toMatchObject({ signature: { label } });
  },
);

test('findSignature() reads what a signature covers, with parameters', () => {
  const found = findSignature(
    message('a=("@method" "x";req;key="k");created=5;expires=6;nonce="n";alg="ed25519";other=1', 'a=:AAEC:'),
    {},
  );
  expect(found).toMatchObject({
    value: new Uint8Array([0, 1, 2]),
    signature: {
      label: 'a',
      components: ['"@method"', '"x";req;key="k"'],
      params: { created: 5, expires: 6, nonce: 'n', alg: 'ed25519' },
    },
  });
});

test.each<[string | undefined, string | undefined, SignatureChoice, string]>([
  [undefined, undefined, {}, 'unsigned'],
  ['', '', {}, 'unsigned'],
  ['a=()', undefined, {}, 'unsigned'],
  ['a=()', 'b=:AAAA:', {}, 'unsigned'],
  ['a=()', 'a=:AAAA:', { label: 'b' }, 'unsigned'],
  ['a=();tag="x"', 'a=:AAAA:', { tag: 'y' }, 'unsigned'],
  ['a=();tag=x', 'a=:AAAA:', { tag: 'x' }, 'unsigned'],
  ['a=(), b=()', 'a=:AAAA:, b=:AAAA:', {}, 'ambiguous'],
  ['a=();tag="x", b=();tag="x"', 'a=:AAAA:', { tag: 'x' }, 'ambiguous'],
  ['a=(', 'a=:AAAA:', {}, 'malformed'],
  ['a=()', 'a=:AAAA', {}, 'malformed'],
  ['a="x"', 'a=:AAAA:', {}, 'malformed'],
  ['a=()', 'a="x"', {}, 'malformed'],
  ['a=()', 'a=(:AAAA:)', {}, 'malformed'],
  ['a=(method)', 'a=:AAAA:', {}, 'malformed'],
  ['a=();created="5"', 'a=:AAAA:', {}, 'malformed'],
  ['a=();created=5.0', 'a=:AAAA:', {}, 'malformed'],
  ['a=();keyid=x', 'a=:AAAA:', {}, 'malformed'],
  ['a=();nonce', 'a=:AAAA:', {}, 'malformed'],
])('findSignature() of %j and %j with %j is %s', (input, signature, choice, fault) => {
  expect(findSignature(message(input, signature), choice)).toBe(fault);
});
