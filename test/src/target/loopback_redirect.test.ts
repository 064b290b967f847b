import { expect, test } from 'vitest';
import { LOOPBACK_REDIRECT, parseLoopbackRedirect } from '../../../src/target/loopback_redirect.ts';

test('parseLoopbackRedirect() takes any port unless one is named', () => {
  expect(parseLoopbackRedirect(LOOPBACK_REDIRECT)).toMatchObject({ anyPort: true, path: '/callback' });
  expect(parseLoopbackRedirect('http://localhost:8080/a/b')).toMatchObject({
    anyPort: false,
    path: '/a/b',
    target: { host: 'localhost', port: 8080 },
  });
});

test.each([
  'https://127.0.0.1/callback',
  'http://example.com/callback',
  'http://127.0.0.1.example.com/callback',
  'http://127.0.0.2/callback',
  'http://0.0.0.0/callback',
  'http://[::1]/callback',
  'http://user@127.0.0.1/callback',
  'http://127.0.0.1/callback?a=b',
  'http://127.0.0.1/callback#a',
  'http://127.0.0.1/call back',
  'myapp:/callback',
  'urn:ietf:wg:oauth:2.0:oob',
  'javascript:alert(1)',
  '',
])('B12: parseLoopbackRedirect(%j) is not where a code may go', (text) => {
  expect(() => parseLoopbackRedirect(text)).toThrow(expect.objectContaining({ code: 'E_TARGET' }));
});
