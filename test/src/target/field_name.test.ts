import { expect, test } from 'vitest';
import { isNamed, isSameField } from '../../../src/target/field_name.ts';

test('isNamed() compares without case, and nothing else is alike', () => {
  expect(isNamed('Content-LENGTH', 'content-length')).toBe(true);
  expect(isNamed('', '')).toBe(true);
  for (const other of ['content_length', 'content-lengt', 'content-length ', 'content-lengt\x08', 'Content-Lengt@']) {
    expect(isNamed(other, 'content-length'), other).toBe(false);
  }
  // What only Unicode takes for a letter of ASCII is no letter of a name.
  expect(isNamed('coo\u212aie', 'cookie')).toBe(false);
  expect(isNamed('[', '{')).toBe(false);
});

test('X10: isSameField() takes "_" for "-", on either side', () => {
  expect(isSameField('X_Csrf_Token', 'x-csrf-token')).toBe(true);
  expect(isSameField('x-csrf-token', 'X-CSRF_TOKEN')).toBe(true);
  expect(isSameField('x-csrf-token', 'x-csrf-tokem')).toBe(false);
  expect(isSameField('x-csrf-token', 'x-csrf-token-')).toBe(false);
  expect(isSameField('\x7f', '_')).toBe(false);
});
