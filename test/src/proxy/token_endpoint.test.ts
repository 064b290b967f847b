import { expect, test } from 'vitest';
import { findTokenEndpoints, isTokenEndpoint } from '../../../src/proxy/token_endpoint.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

const provider = makeOAuthProvider({ oauth2: { tokenUrl: 'https://as.example.com/oauth/token' } });
const [endpoint] = findTokenEndpoints([makeProvider(), provider], () => undefined);
const is = (url: string) => {
  const { target, path } = parseUrl(url);
  return isTokenEndpoint(endpoint!, target, path.split('?', 1)[0]!);
};

test.each([
  '/oauth/token',
  '/oauth/TOKEN',
  '/oauth/token/',
  '/oauth/%74oken',
  '/oauth/%2574oken',
  '/oauth//token',
  '/oauth/x/..%2ftoken',
  '/oauth/token;v=1',
  '/oauth/revoke',
  '/oauth/authorize',
  '/oauth/introspect',
])(
  'H20: isTokenEndpoint() knows %s',
  (path) => expect(is(`https://as.example.com${path}`)).toBe(true),
);

test.each([
  'https://as.example.com/oauth/tokens/list',
  'https://as.example.com/token',
  'https://as.example.com/oauth/me',
  'https://other.example.com/oauth/token',
  'https://as.example.com:8443/oauth/token',
])(
  'isTokenEndpoint() leaves %s alone',
  (url) => expect(is(url)).toBe(false),
);

test('findTokenEndpoints() leaves out an address that cannot be read', () => {
  const unset = makeOAuthProvider({ oauth2: { tokenUrl: 'https://${NOWHERE}/token' } });
  expect(findTokenEndpoints([unset], () => undefined)).toEqual([]);
});
