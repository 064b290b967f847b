import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { describeRequest, describeUse, useEvent } from '../../../src/audit/describe.ts';
import { formatFields } from '../../../src/audit/line.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { headOf } from '../../_lib/fixture.ts';

function describe(url: string, method = 'GET') {
  const { target, path } = parseUrl(url);
  return describeRequest({ method, target, path, headers: [['Authorization', 'Bearer secret']] });
}

test('describeRequest() says where a request went', () => {
  expect(describe('https://API.example.com/v1/issues?page=2&sort=asc&page=3', 'POST')).toEqual({
    scheme: 'https',
    host: 'api.example.com',
    port: 443,
    method: 'POST',
    path: '/v1/issues',
    queryKeys: ['page', 'sort'],
  });
  expect(describe('http://localhost:8080')).toEqual({
    scheme: 'http',
    host: 'localhost',
    port: 8080,
    method: 'GET',
    path: '/',
  });
});

const canary = () => {
  const bytes = Buffer.from(randomBytes(24));
  return [bytes.toString('hex'), bytes.toString('base64url'), `1${bytes.toString('base64url')}`];
};

test('R14: describeRequest() never shows what a query, or a token in a path or a key, holds', () => {
  for (let i = 0; i < 50; i++) {
    for (const secret of canary()) {
      const paths = [
        `/a?token=${secret}`,
        `/a?${secret}`,
        `/a?x=1&${secret}`,
        `/a?${secret}=1`,
        `/a?=${secret}`,
        `/a?a=b=${secret}`,
        `/a?a=1?b=${secret}`,
        `/services/T1/${secret}`,
        `/bot${secret}/send`,
        `/${secret}?x=1`,
        `/a/${secret}.json`,
        `/a?a[${secret}]=1`,
      ];
      for (const path of paths) {
        const fields = describeRequest({
          method: 'GET',
          target: { scheme: 'https', host: 'api.example', port: 443 },
          path,
          headers: [['Cookie', secret], [secret, 'x']],
        });
        expect(formatFields({ event: 'inject', ...fields }), path).not.toContain(secret);
      }
    }
  }
});

test('R14: describeRequest() gets no user name or password: such a URL is refused before', () => {
  expect(() => describe('https://user:secret@api.example/')).toThrow(expect.objectContaining({ code: 'E_TARGET' }));
});

test('describeRequest() keeps readable paths', () => {
  expect(describe('https://a.example/rest/api/2/issue/PROJ-1/comments').path).toBe('/rest/api/2/issue/PROJ-1/comments');
  expect(describe('https://a.example/repos/denoland/std/pulls').path).toBe('/repos/denoland/std/pulls');
  expect(describe('https://a.example/users/123456789012345').path).toBe('/users/123456789012345');
  expect(describe('https://a.example/o/0b8b5c2e-3f5a-4b7e-9d0a-1c2d3e4f5a6b/x').path).toBe('/o/*/x');
});

test('R13: describeRequest() caps paths, keys and methods', () => {
  const fields = describe(`https://a.example/${'ab/'.repeat(10_000)}?${'k=v&'.repeat(10_000)}`, 'M'.repeat(1000));
  expect(fields.path).toHaveLength(257);
  expect(fields.method).toHaveLength(32);
  expect(fields.queryKeys).toEqual(['k']);
  const many = Array.from({ length: 500 }, (_, i) => `k${i}=v`).join('&');
  expect(describe(`https://a.example/?${many}`).queryKeys).toHaveLength(16);
  expect(describe(`https://a.example/?${'k'.repeat(5000)}=1`).queryKeys).toEqual(['*']);
});

test('useEvent() is the description of a request with who and what', () => {
  const head = headOf('https://api.example.com/me?page=2', 'POST');
  const fields = describeUse(head, 'a,b', ['header Authorization']);
  expect(fields).toEqual({ ...describeRequest(head), provider: 'a,b', placed: ['header Authorization'] });
  expect(useEvent(fields, 'proxy')).toEqual({ event: 'inject', via: 'proxy', ...fields });
  expect(useEvent(describeUse(headOf('https://api.example.com/'), 'a', []))).not.toHaveProperty('queryKeys.length');
});

test.each(['', '/', '/a', '/a/', '//', '/ab/cd'])(
  'R14: describeUse() masks a segment by its length and digits wherever it stands, before %j',
  (rest) => {
    const shown = (segment: string, before: string) =>
      describeUse(headOf(`https://api.example.com${before}/${segment}${rest}`), 'a', []).path;
    for (const before of ['', '/', '/x', '/x/y', `/${'w'.repeat(15)}`]) {
      for (const word of ['w'.repeat(15), '1'.repeat(15), 'w'.repeat(16), 'w'.repeat(29)]) {
        expect(shown(word, before)).toBe(`${before}/${word}${rest}`);
      }
      for (const token of [`1${'w'.repeat(15)}`, `${'w'.repeat(15)}1`, 'w'.repeat(30), '1'.repeat(200)]) {
        expect(shown(token, before)).toBe(`${before}/*${rest}`);
      }
    }
  },
);
