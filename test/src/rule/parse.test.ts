import jsep from 'jsep';
import { expect, test } from 'vitest';
import { parseRule } from '../../../src/rule/parse.ts';

test.each([
  'res.body.status_code === 0',
  'res.status >= 200 && res.status < 300 && !res.body.error',
  "'user' in res.body",
  'res.headers["content-type"].includes("json")',
  'res.body?.user?.id !== undefined',
  '[200, 204].includes(res.status)',
  'res.status === 200 ? res.body.ok : false',
  'res.body.items.length > 0 && res.body.name.toLowerCase().startsWith("a")',
  'res.body.in === 1',
  'res.body.$id === res.body._id',
  '-1 < +1.5e3',
  '"it\\\'s \\"quoted\\" \\\\ \\n"',
])('parseRule() reads %s', (text) => {
  expect(parseRule(text).text).toBe(text);
});

test.each([
  ['res.status = 200', 'unexpected "="'],
  ['res.status === 200; res.body', 'unexpected ";"'],
  ['res.status === 200, res.body', 'not one expression'],
  ['(res.status, res.body)', 'not one expression'],
  ['res.status 200', 'not one expression'],
  ['res.status ===', 'expected expression after ==='],
  ['(res.status', 'unclosed ('],
  ['res.status)', 'unexpected ")"'],
  ['res.status ** 2', 'expected expression after *'],
  ['res.status | 1', 'unexpected "|"'],
  ['res.status ?? 1', 'expected expression'],
  ['res.status << 1', 'expected expression'],
  ['res.statusCode === 200', 'no such part'],
  ['res["constructor"]', 'no such part'],
  ['res["sta" + "tus"] === 200', 'no such part'],
  ['res[res.body]', 'no such part'],
  ['response.status === 200', 'unknown name "response"'],
  ['this.x', 'not one expression'],
  ['typeof res', 'not one expression'],
  ['new Date()', 'not one expression'],
  ['x => 1', 'unexpected "="'],
  ['res.body.map(1)', 'only methods can be called'],
  ['res.body["includes"]("x")', 'only methods can be called'],
  ['res.body.includes?.("x")', 'only methods can be called'],
  ['res.body.includes("x")("y")', 'only methods can be called'],
  ['res()', 'only methods can be called'],
  ['"x"()', 'only methods can be called'],
  ['parseInt("1")', 'only methods can be called'],
  ['res.body.includes()', 'takes one argument'],
  ['res.body.includes("a", "b")', 'takes one argument'],
  ['res.body.includes("a" "b")', 'takes one argument'],
  ['res.body.toLowerCase("a")', 'takes no argument'],
  ['[1,,2].includes(1)', 'not one expression'],
  ['010 === 8', 'begins with 0'],
  ['0x10 === 16', 'cannot start with a number'],
  ['1e === 1', 'exponent'],
  ['res.', 'unexpected'],
  ['res.body[]', 'unexpected'],
  ['res.body[0', 'unclosed ['],
  ['/x/.test(res.body)', 'unexpected'],
  ['res.body.x /* all */', 'expected expression'],
  ['...res', 'unexpected period'],
])('parseRule() refuses %s: %s', (text, message) => {
  let thrown: unknown;
  try {
    parseRule(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'E_RULE' });
  expect((thrown as Error).message.toLowerCase()).toContain(message);
});

test('parseRule() names the place of a mistake', () => {
  expect(() => parseRule('res.status === 200 && foo')).toThrow('unknown name "foo" at character 23');
});

test('parseRule() neither changes the settings of jsep nor is changed by them', () => {
  const before = jsep('a ** b in c');
  parseRule("'x' in res.body");
  expect(() => parseRule('res.body ==')).toThrow();
  expect(jsep('a ** b in c')).toEqual(before);
  jsep.addBinaryOp('@', 20);
  jsep.addLiteral('evil', { toString: () => 'evil' });
  jsep.addUnaryOp('typeof');
  try {
    for (const text of ['res.status @ 1', 'evil', 'typeof res', 'res.body[evil]']) {
      expect(() => parseRule(text)).toThrow('Cannot use validateRule');
    }
    expect(jsep('evil @ 1')).toMatchObject({ operator: '@' });
  } finally {
    jsep.removeBinaryOp('@');
    jsep.removeLiteral('evil');
    jsep.removeUnaryOp('typeof');
  }
});

test('C1: parseRule() refuses nodes that a plugin of jsep adds', () => {
  const plugin = (env: { node?: jsep.Expression }) => {
    if (env.node?.type === 'Literal') env.node = { type: 'ArrowFunctionExpression', body: env.node };
  };
  jsep.hooks.add('after-expression', plugin);
  try {
    expect(() => parseRule('1')).toThrow('not one expression');
  } finally {
    const hooks = jsep.hooks as unknown as Record<string, unknown[]>;
    hooks['after-expression'] = hooks['after-expression']!.filter((hook) => hook !== plugin);
  }
});
