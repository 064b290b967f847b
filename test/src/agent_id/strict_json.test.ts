import { expect, test } from 'vitest';
import { parseStrictJson } from '../../../src/agent_id/strict_json.ts';

test.each([
  '{}',
  '[1,{"a":{"a":1}},{"a":2}]',
  '"x"',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  '{"\\ud83d\\ude00":1}',
  ' {"a" : [] } ',
])(
  'parseStrictJson() parses %s',
  (text) => {
    expect(parseStrictJson(text, 'It')).toEqual(JSON.parse(text));
  },
);

test.each([
  ['', 'It is not JSON'],
  ['{"a":1,}', 'It is not JSON'],
  ["{'a':1}", 'It is not JSON'],
  ['{"a":1}{', 'It is not JSON'],
  ['\ufeff{}', 'It is not JSON'],
  ['{"a":NaN}', 'It is not JSON'],
  ['{"a":1,"a":1}', 'It has the key "a" twice'],
  ['{"a":{"b":[{"c":1,"d":2,"\\u0063":3}]}}', 'It has the key "c" twice'],
  ['{"a":1,"b":{"a":1},"a":2}', 'It has the key "a" twice'],
  ['{"a":"\\ud800"}', 'It has half a surrogate pair in a string'],
  ['{"\\udc00":1}', 'It has half a surrogate pair in a string'],
])('C14: parseStrictJson() refuses %s', (text, message) => {
  expect(() => parseStrictJson(text, 'It')).toThrow(expect.objectContaining({ code: 'E_MANIFEST', message }));
});

test('C11, C14: depth and prototypes do no harm', () => {
  const deep = '['.repeat(4096) + ']'.repeat(4096);
  try {
    parseStrictJson(deep, 'It');
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_MANIFEST' });
  }
  expect(Object.keys(parseStrictJson('{"__proto__":{"x":1}}', 'It') as object)).toEqual(['__proto__']);
  expect(({} as { x?: number }).x).toBeUndefined();
});
