import { expect, test } from 'vitest';
import { type Field, makeField, type Scope } from '../../../src/config/field.ts';
import { readAllowRule, readApplyRule, readExtractRule } from '../../../src/config/rule_entry.ts';
import { readTree } from '../../../src/config/tree.ts';

function read<T>(text: string, reader: (item: Field) => T): { rule: T; said: string[] } {
  const said: string[] = [];
  const scope: Scope = {
    report: (_, message, hint) => said.push(hint === undefined ? message : `${message} | ${hint}`),
    mark: () => {},
  };
  const node = readTree(text).root ?? { kind: 'scalar' as const, start: 0, end: 0, value: null };
  return { rule: reader(makeField(scope, ['rules', 0], 'item of "rules"', node, node.start)), said };
}

const browserRule = (item: Field) => readExtractRule(item, 'browser');

test.each([
  ["{from: cookies, as: session, match: '*'}", { from: 'cookies', as: 'session', match: '*' }],
  ['{from: localStorage, as: xoxc-token, match: localConfig_v2, jsonPath: teams.T1.token}', {
    from: 'localStorage',
    as: 'xoxc-token',
    match: 'localConfig_v2',
    jsonPath: 'teams.T1.token',
  }],
  ['{from: sessionStorage, as: a.b_c-1, expiresJsonPath: x}', {
    from: 'sessionStorage',
    as: 'a.b_c-1',
    expiresJsonPath: 'x',
  }],
])('readExtractRule(%s)', (text, rule) => {
  expect(read(text, browserRule)).toEqual({ rule, said: [] });
});

test('readExtractRule() knows what each strategy can extract from', () => {
  for (const [strategy, from] of [['oauth2', 'oauth2'], ['prompt', 'prompt']] as const) {
    expect(read(`{from: ${from}, as: t}`, (item) => readExtractRule(item, strategy)).said).toEqual([]);
    expect(read(`{from: ${from}, as: t}`, browserRule).said[0]).toContain(`"from" cannot be "${from}"`);
    expect(read('{from: cookies, as: t}', (item) => readExtractRule(item, strategy)).said[0]).toContain('cannot be');
  }
  expect(read('{from: prompt, as: t}', (item) => readExtractRule(item, undefined)).said).toEqual([]);
});

test.each([
  ['{from: cookie, as: s}', '"from" cannot be "cookie" | did you mean "cookies"?'],
  ['{as: s}', 'an extract rule needs "from"'],
  ['{from: cookies}', 'an extract rule needs "as"'],
  ['{from: cookies, as: a b}', '"as" is not a name | use letters, digits, ".", "_" and "-"'],
  ['{from: cookies, as: "${x}"}', '"as" is not a name | use letters, digits, ".", "_" and "-"'],
  ['{from: cookies, as: 2}', '"as" must be text, not a number | put it in quotes'],
  ['{from: cookies, as: s, mach: x}', 'unknown key "mach" | did you mean "match"?'],
  ['{from: cookies, as: s, match: [x]}', '"match" must be text, not a list'],
  ['cookies', 'an extract rule must be a map | with from, as, match, jsonPath, expiresJsonPath'],
  ['[]', 'an extract rule must be a map | with from, as, match, jsonPath, expiresJsonPath'],
])('readExtractRule(%s) says: %s', (text, message) => {
  expect(read(text, browserRule).said).toContain(message);
});

test('readExtractRule() keeps the name of a rule with a mistake, so that "apply" may use it', () => {
  expect(read('{from: cookie, as: s}', browserRule).rule).toEqual({ from: 'cookies', as: 's' });
});

test.each([
  ["{in: header, name: Cookie, value: '${session}'}", { in: 'header', name: 'Cookie', value: '${session}' }],
  ["{in: query, name: key, value: '${a-b}', action: append}", {
    in: 'query',
    name: 'key',
    value: '${a-b}',
    action: 'append',
  }],
  ['{in: header, name: X, action: remove}', { in: 'header', name: 'X', value: '', action: 'remove' }],
  ['{in: body, name: a.b, value: x, action: set}', { in: 'body', name: 'a.b', value: 'x', action: 'set' }],
])('readApplyRule(%s)', (text, rule) => {
  expect(read(text, readApplyRule)).toEqual({ rule, said: [] });
});

test.each([
  ['{in: headers, name: X, value: y}', '"in" cannot be "headers" | did you mean "header"?'],
  ['{in: cookie, name: X, value: y}', '"in" cannot be "cookie" | one of: header, query, body'],
  ['{name: X, value: y}', 'an apply rule needs "in"'],
  ['{in: header, value: y}', 'an apply rule needs "name"'],
  ['{in: header, name: X}', 'an apply rule needs "value"'],
  ['{in: header, name: X, action: append}', 'an apply rule needs "value"'],
  ['{in: header, name: X, value: 7}', '"value" must be text, not a number | put it in quotes'],
  ['{in: header, name: X, value: ""}', '"value" is empty'],
  ['{in: header, name: X, value: y, action: delete}', '"action" cannot be "delete" | one of: set, append, remove'],
  ['{in: header, name: X, vaule: y}', 'unknown key "vaule" | did you mean "value"?'],
  ['x', 'an apply rule must be a map | with in, name, value, action'],
])('readApplyRule(%s) says: %s', (text, message) => {
  expect(read(text, readApplyRule).said).toContain(message);
});

test.each([
  ['GET /path/**', { methods: ['GET'], path: '/path/**' }],
  ['GET,POST /path', { methods: ['GET', 'POST'], path: '/path' }],
  ['/path/*/x', { path: '/path/*/x' }],
  ['/', { path: '/' }],
  ['/**', { path: '/**' }],
  ['M-SEARCH /a%20b', { methods: ['M-SEARCH'], path: '/a%20b' }],
  ['{methods: [GET, POST], path: /x}', { methods: ['GET', 'POST'], path: '/x' }],
  ['{method: GET, path: /x}', { methods: ['GET'], path: '/x' }],
  ['{methods: GET, path: /x}', { methods: ['GET'], path: '/x' }],
  ['{path: /x}', { path: '/x' }],
])('readAllowRule(%s)', (text, rule) => {
  expect(read(text, readAllowRule)).toEqual({ rule, said: [] });
});

test.each([
  ['get /x', '"get" is not a method | did you mean "GET"?'],
  ['GET,post /x', '"post" is not a method | did you mean "POST"?'],
  ['GET, POST /x', 'an allow rule must be a method and a path | write "GET /api/**"'],
  ['"*" /x', undefined],
  ['GET', 'a path of "allow" must begin with "/"'],
  ['GET x', 'a path of "allow" must begin with "/"'],
  ['https://x.com/a', 'a path of "allow" must begin with "/"'],
  ['/a?b', 'a path of "allow" cannot have a query or a fragment'],
  ['"/a#b"', 'a path of "allow" cannot have a query or a fragment'],
  ['/é', 'a path of "allow" must be written as in a URL | percent-encode it'],
  ['"/a\\u0000"', 'a path of "allow" must be written as in a URL | percent-encode it'],
  ['/a/../b', 'no request can have this path'],
  ['/a/.', 'no request can have this path'],
  ['/a//b', 'no request can have this path'],
  ['/a%2Fb', 'no request can have this path'],
  ['/a/**/b', '"**" can only be the last segment of a path | use "*" for any text within a segment'],
  ['/a**', '"**" can only be the last segment of a path | use "*" for any text within a segment'],
  ['/**a', '"**" can only be the last segment of a path | use "*" for any text within a segment'],
  ['7', 'item of "rules" must be text, not a number | put it in quotes'],
  ['{method: GET}', 'an allow rule needs "path"'],
  ['{method: GET, methods: [POST], path: /x}', '"method" and "methods" are the same thing | write one of them'],
  ['{methods: [], path: /x}', '"methods" is an empty list'],
  ['{methods: [GET, 1], path: /x}', '"methods" must be text, not a number | put it in quotes'],
  ['{path: x}', 'a path of "allow" must begin with "/"'],
  ['{paths: [/x]}', 'unknown key "paths" | did you mean "path"?'],
])('readAllowRule(%s) says: %s', (text, message) => {
  const { rule, said } = read(text, readAllowRule);
  if (message === undefined) expect(rule).toBeUndefined();
  else expect(said).toContain(message);
});
