import { expect, test } from 'vitest';
import {
  serializeDictionary,
  serializeList,
  serializeMember,
} from '../../../src/message_signature/serialize_structured_field.ts';
import type { BareItem, Member } from '../../../src/message_signature/structured_field.ts';

const none = new Map<string, BareItem>();
const item = (value: BareItem) => ({ value, params: none });

test.each<[BareItem, string]>([
  [0, '0'],
  [-5, '-5'],
  [999_999_999_999_999, '999999999999999'],
  ['', '""'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  [true, '?1'],
  [false, '?0'],
  [new Uint8Array(), '::'],
  [new Uint8Array([255, 254]), '://4=:'],
  [{ type: 'decimal', value: 1 }, '1.0'],
  [{ type: 'decimal', value: -0.125 }, '-0.125'],
  [{ type: 'decimal', value: 0.1 }, '0.1'],
  [{ type: 'decimal', value: 100 }, '100.0'],
  [{ type: 'token', value: '*a/b:c' }, '*a/b:c'],
  [{ type: 'date', value: -1 }, '@-1'],
  [{ type: 'displayString', value: 'ü "%" \n' }, '%"%c3%bc %22%25%22 %0a"'],
])('serializeMember() writes %j as %s', (value, text) => {
  expect(serializeMember(item(value))).toBe(text);
});

test.each<BareItem>([
  1.5,
  NaN,
  Infinity,
  1e15,
  'é',
  'a\nb',
  '\u007f',
  { type: 'decimal', value: 1e12 },
  { type: 'decimal', value: NaN },
  { type: 'token', value: '' },
  { type: 'token', value: '1a' },
  { type: 'token', value: 'a b' },
  { type: 'date', value: 0.5 },
])('serializeMember() refuses %j', (value) => {
  expect(() => serializeMember(item(value))).toThrow(TypeError);
});

test('serializeList() and serializeDictionary() write parameters in their order', () => {
  const params = new Map<string, BareItem>([['z', 1], ['a', true], ['b', false]]);
  const members: Member[] = [{ value: 1, params }, { items: [item('x'), { value: 2, params }], params }, {
    items: [],
    params: none,
  }];
  expect(serializeList(members)).toBe('1;z=1;a;b=?0, ("x" 2;z=1;a;b=?0);z=1;a;b=?0, ()');
  expect(
    serializeDictionary(
      new Map<string, Member>([['k', { value: true, params }], ['l', members[1]!], ['m', item(false)]]),
    ),
  )
    .toBe('k;z=1;a;b=?0, l=("x" 2;z=1;a;b=?0);z=1;a;b=?0, m=?0');
});

test.each(['', 'A', '1a', 'a b', 'ä', 'a=b'])('serializeDictionary() refuses the key %j', (key) => {
  expect(() => serializeDictionary(new Map([[key, item(1)]]))).toThrow(TypeError);
});
