import { expect, test } from 'vitest';
import { parseRule } from '../../../src/rule/parse.ts';
import { readsBody } from '../../../src/rule/reads_body.ts';

test.each([
  'res.body.ok',
  'res["body"].ok',
  'res.status === 200 && !res.body.error',
  'res.status === 200 ? true : res.body.length > 2',
  '["a", res.body].includes("a")',
  'res.headers[res.body.name] === "x"',
  '"a".includes(res.body)',
  '-res.body.n < 2',
  'res?.body?.ok',
  '"body" in res',
])('readsBody() is true for %s', (text) => {
  expect(readsBody(parseRule(text))).toBe(true);
});

test.each([
  'res.status === 200',
  'res.headers["x-user"] !== "body"',
  'res.status >= 200 && res.status < 300 && !res.headers.location',
  '[200, 204].includes(res.status) ? "body" : false',
  'true',
])('readsBody() is false for %s', (text) => {
  expect(readsBody(parseRule(text))).toBe(false);
});
