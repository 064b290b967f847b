import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  environmentProxy,
  isExempt,
  parseNetworkProxy,
  proxyAuthorization,
} from '../../../../cli/platform/upstream/network_proxy.ts';
import type { Target } from '../../../../src/target/target.ts';

const TARGET: Target = { scheme: 'https', host: 'api.example.com', port: 443 };

test('parseNetworkProxy() reads scheme, host, port and credentials', () => {
  expect(parseNetworkProxy('http://proxy.test')).toMatchObject({
    scheme: 'http',
    host: 'proxy.test',
    port: 80,
    user: undefined,
  });
  expect(parseNetworkProxy('HTTPS://Proxy.Test/')).toMatchObject({ scheme: 'https', host: 'proxy.test', port: 443 });
  expect(parseNetworkProxy('socks5://[::1]')).toMatchObject({ scheme: 'socks5', host: '[::1]', port: 1080 });
  const proxy = parseNetworkProxy('socks5h://us%20er:p%40ss%3A@proxy.test:9050');
  expect(proxy).toMatchObject({ scheme: 'socks5h', port: 9050, user: 'us er' });
  expect(proxy.password?.reveal()).toBe('p@ss:');
});

test.each([
  '',
  'proxy.test',
  'ftp://proxy.test',
  'http://',
  'http://proxy.test:0',
  'http://proxy.test:99999',
  'http://proxy.test/path',
  'http://proxy.test?x',
  'http://a@b@proxy.test',
  'http://canary-4711:%zz@proxy.test',
  'http://canary-4711:a%0d%0ab@proxy.test',
  'http://u:canary-4711%00@proxy.test',
  `http://u:canary-4711${'x'.repeat(255)}@proxy.test`,
  'http://pro xy.test',
])('parseNetworkProxy(%j) is refused and shows no password', (url) => {
  try {
    parseNetworkProxy(url);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_TARGET' });
    expect(inspect(error, { depth: 9 })).not.toContain('canary-4711');
  }
});

test('proxyAuthorization() is Basic over UTF-8', () => {
  expect(proxyAuthorization(parseNetworkProxy('http://p.test'))).toBeUndefined();
  expect(proxyAuthorization(parseNetworkProxy('http://u%C3%A4:p@p.test'))).toBe('Basic dcOkOnA=');
  expect(proxyAuthorization(parseNetworkProxy('http://u@p.test'))).toBe('Basic dTo=');
});

test.each([
  ['*', true],
  ['api.example.com', true],
  ['API.example.com', true],
  ['example.com', true],
  ['.example.com', true],
  ['*.example.com', true],
  ['other.test, example.com', true],
  ['other.test example.com', true],
  ['example.com:443', true],
  ['example.com:8443', false],
  ['ple.com', false],
  ['xexample.com', false],
  ['api.example.com.evil.test', false],
  ['com.', true],
  ['', false],
  [',', false],
  ['10.0.0.0/8', false],
])('isExempt(%j) for api.example.com is %s', (noProxy, expected) => {
  expect(isExempt(noProxy, TARGET)).toBe(expected);
});

test('isExempt() knows addresses and blocks', () => {
  const at = (host: string) => ({ ...TARGET, host });
  expect(isExempt('10.0.0.0/8', at('10.1.2.3'))).toBe(true);
  expect(isExempt('10.0.0.0/8', at('11.1.2.3'))).toBe(false);
  expect(isExempt('0.0.0.0/0', at('11.1.2.3'))).toBe(true);
  expect(isExempt('192.168.1.1', at('192.168.1.1'))).toBe(true);
  expect(isExempt('1.1', at('192.168.1.1'))).toBe(false);
  expect(isExempt('::1', at('[::1]'))).toBe(true);
  expect(isExempt('[::1]:443', at('[::1]'))).toBe(true);
});

test('environmentProxy() follows the scheme, lower case first', () => {
  const from = (variables: Record<string, string>, target = TARGET) =>
    environmentProxy((name) => variables[name], target);
  expect(from({})).toBeUndefined();
  expect(from({ HTTPS_PROXY: 'http://a.test' })).toMatchObject({ host: 'a.test' });
  expect(from({ HTTPS_PROXY: 'http://a.test', https_proxy: 'http://b.test' })).toMatchObject({ host: 'b.test' });
  expect(from({ ALL_PROXY: 'socks5h://c.test' })).toMatchObject({ scheme: 'socks5h', host: 'c.test' });
  expect(from({ HTTPS_PROXY: 'a.test:8080' })).toMatchObject({ scheme: 'http', host: 'a.test', port: 8080 });
  expect(from({ HTTPS_PROXY: 'http://a.test', NO_PROXY: 'example.com' })).toBeUndefined();
  const plain: Target = { scheme: 'http', host: 'api.example.com', port: 80 };
  // httpoxy: what a CGI server makes of a "Proxy:" header is not followed.
  expect(from({ HTTP_PROXY: 'http://a.test' }, plain)).toBeUndefined();
  expect(from({ http_proxy: 'http://a.test' }, plain)).toMatchObject({ host: 'a.test' });
});

test.each(['localhost', 'a.localhost', '127.0.0.1', '[::1]'])('environmentProxy() is never asked for %s', (host) => {
  expect(environmentProxy(() => 'http://a.test', { ...TARGET, host })).toBeUndefined();
});
