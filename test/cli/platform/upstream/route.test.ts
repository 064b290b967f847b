import { expect, test } from 'vitest';
import { parseNetworkProxy } from '../../../../cli/platform/upstream/network_proxy.ts';
import { bareHost, nameOf, type Route, routeKey, sessionKey } from '../../../../cli/platform/upstream/route.ts';

const ROUTE: Route = { target: { scheme: 'https', host: 'a.test', port: 443 }, owner: 'x' };

test('X5: routeKey() differs by everything that must not share a connection', () => {
  const routes: Route[] = [
    ROUTE,
    { ...ROUTE, owner: 'y' },
    { ...ROUTE, owner: 'x\n' },
    { ...ROUTE, target: { ...ROUTE.target, scheme: 'http' } },
    { ...ROUTE, target: { ...ROUTE.target, host: 'b.test' } },
    { ...ROUTE, target: { ...ROUTE.target, port: 8443 } },
    { ...ROUTE, caFile: '/ca.pem' },
    { ...ROUTE, allowPrivate: true },
    { ...ROUTE, networkProxy: parseNetworkProxy('http://p.test') },
    { ...ROUTE, networkProxy: parseNetworkProxy('http://u:1@p.test') },
    { ...ROUTE, networkProxy: parseNetworkProxy('http://u:2@p.test') },
    { ...ROUTE, networkProxy: parseNetworkProxy('socks5://p.test:80') },
  ];
  expect(new Set(routes.map(routeKey)).size).toBe(routes.length);
  expect(routeKey({ ...ROUTE })).toBe(routeKey(ROUTE));
});

test('sessionKey() differs by everything but the owner', () => {
  expect(sessionKey({ ...ROUTE, owner: 'y' })).toBe(sessionKey(ROUTE));
  expect(sessionKey({ ...ROUTE, caFile: '/ca.pem' })).not.toBe(sessionKey(ROUTE));
  expect(routeKey(ROUTE)).toContain(sessionKey(ROUTE));
});

test('nameOf() leaves the usual port out', () => {
  expect(nameOf(ROUTE)).toBe('a.test');
  expect(nameOf({ ...ROUTE, target: { ...ROUTE.target, port: 8443 } })).toBe('a.test:8443');
});

test('bareHost() takes the brackets off IPv6 addresses', () => {
  expect(bareHost('[::1]')).toBe('::1');
  expect(bareHost('a.test')).toBe('a.test');
});
