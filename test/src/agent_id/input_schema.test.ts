import { expect, test } from 'vitest';
import { checkInput, readInputSchema } from '../../../src/agent_id/input_schema.ts';

const SCHEMA = readInputSchema({
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 4, description: 'An id' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    deep: { type: 'boolean' },
    tags: { type: 'array', items: 'string' },
    any: { type: 'array' },
    mode: { type: 'string', enum: ['a', 'b'] },
  },
  required: ['id'],
}, 'in');

test('checkInput() takes what fits', () => {
  for (
    const input of [
      { id: 'abcd', count: 3, ratio: 0.5, deep: false, tags: ['x'], any: [1, 'x'], mode: 'b' },
      { id: '😀😀😀😀' },
    ]
  ) {
    expect(() => checkInput(SCHEMA, input)).not.toThrow();
  }
  expect(() => checkInput(undefined, {})).not.toThrow();
  expect(() => checkInput({ type: 'object', additionalProperties: true }, { x: {} })).not.toThrow();
});

test.each([
  [{}, /"id" is missing/],
  [{ id: 5 }, /"id" is not of type string/],
  [{ id: 'abcde' }, /longer than 4/],
  [{ id: 'a', count: 1.5 }, /"count" is not of type integer/],
  [{ id: 'a', count: '1' }, /"count" is not/],
  [{ id: 'a', deep: 'true' }, /"deep" is not/],
  [{ id: 'a', tags: 'x' }, /"tags" is not of type array of string/],
  [{ id: 'a', tags: [1] }, /"tags" is not/],
  [{ id: 'a', mode: 'c' }, /allowed values/],
  [{ id: 'a', nope: 1 }, /"nope" is not a property/],
  [JSON.parse('{"id":"a","__proto__":1}'), /"__proto__" is not a property/],
  [{ id: 'a', toString: 1 }, /"toString" is not a property/],
])('C14: checkInput() refuses %o', (input, message) => {
  expect(() => checkInput(SCHEMA, input)).toThrow(
    expect.objectContaining({ code: 'E_USAGE', message: expect.stringMatching(message) }),
  );
});

const property = (given: unknown) => ({ type: 'object', properties: { p: given } });

test.each([
  [{ type: 'array' }, 'in.type'],
  [{}, 'in.type is missing'],
  [{ type: 'object', pattern: 'x' }, 'unknown key "pattern"'],
  [{ type: 'object', properties: [] }, 'in.properties'],
  [{
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`p${i}`, { type: 'string' }])),
  }, '20'],
  [{ type: 'object', properties: { 'a b': { type: 'string' } } }, 'the name "a b"'],
  [{ type: 'object', properties: { '# x': { type: 'string' } } }, 'the name'],
  [JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'), 'the name "__proto__"'],
  [{ type: 'object', properties: {}, required: ['x'] }, 'in.required[0]'],
  [{ type: 'object', required: [1] }, 'in.required[0]'],
  [{ type: 'object', additionalProperties: {} }, 'in.additionalProperties'],
  [{ type: 'object', description: 'x'.repeat(201) }, 'in.description'],
  [property({ type: 'object' }), 'in.properties.p.type'],
  [property({ type: 'string', format: 'uri' }), 'unknown key "format"'],
  [property({ type: 'string', description: '\u0007' }), 'control'],
  [property({ type: 'string', enum: [] }), 'enum'],
  [property({ type: 'string', enum: Array(33).fill('x') }), 'enum'],
  [property({ type: 'string', enum: [{}] }), 'enum[0]'],
  [property({ type: 'string', maxLength: -1 }), 'maxLength'],
  [property({ type: 'string', maxLength: 100_001 }), 'maxLength'],
  [property({ type: 'string', maxLength: '5' }), 'maxLength'],
  [property({ type: 'string', items: 'string' }), 'items'],
  [property({ type: 'array', items: 'array' }), 'items'],
  [property({ type: 'array', items: { type: 'string' } }), 'items'],
])('C14: readInputSchema() refuses %o', (schema, place) => {
  expect(() => readInputSchema(schema, 'in')).toThrow(
    expect.objectContaining({ code: 'E_MANIFEST', message: expect.stringContaining(place) }),
  );
});
