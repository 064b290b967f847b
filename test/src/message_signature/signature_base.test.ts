import { expect, test } from 'vitest';
import { decodeUtf8 } from '../../../src/encoding/bytes.ts';
import { readComponent } from '../../../src/message_signature/component.ts';
import { formatSignatureInput, signatureBase } from '../../../src/message_signature/signature_base.ts';
import type { BareItem } from '../../../src/message_signature/structured_field.ts';

const request = { method: 'GET', url: 'https://a.example/', headers: [['X-A', 'v']] } as const;
const input = (components: string[], params: [string, BareItem][] = []) => ({
  components: components.map(readComponent),
  params: new Map(params),
});

test('signatureBase() is one line per component and the parameters last, without a final break', () => {
  const some = input(['@method', '"x-a";bs'], [['created', 5], ['tag', 'a"b']]);
  const params = '("@method" "x-a";bs);created=5;tag="a\\"b"';
  expect(formatSignatureInput(some)).toBe(params);
  expect(decodeUtf8(signatureBase(some, request))).toBe(
    `"@method": GET\n"x-a";bs: :dg==:\n"@signature-params": ${params}`,
  );
  expect(decodeUtf8(signatureBase(input([]), request))).toBe('"@signature-params": ()');
});

test.each([[['@method', '@method']], [['x-a', 'X-A']], [['"x-a";bs;tr', '"x-a";tr;bs']], [['x-none']]])(
  'signatureBase() refuses to cover %j',
  (components) => {
    expect(() => signatureBase(input(components), request)).toThrow(TypeError);
  },
);
