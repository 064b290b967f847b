import { expect, test } from 'vitest';
import { parseNetworkProxy } from '../../../../cli/platform/upstream/network_proxy.ts';
import {
  bareHost,
  isSameRoute,
  nameOf,
  ownerPrefix,
  type Route,
  routeKey,
  sessionKey,
} from '../../../../cli/platform/upstream/route.ts';

const ROUTE: Route = { target: { scheme: 'https', host: 'a.test', port: 443 }, owner: 'x' };

/** No two of these may share a connection. */
const ROUTES: readonly Route[] = [
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

/** The same, with nothing in common that could be compared by identity. */
function copyOf(route: Route): Route {
  const { target, networkProxy } = route;
  return { ...route, target: { ...target }, networkProxy: networkProxy && { ...networkProxy } };
}

test('X5: routeKey() differs by everything that must not share a connection', () => {
  expect(new Set(ROUTES.map(routeKey)).size).toBe(ROUTES.length);
  for (const route of ROUTES) expect(routeKey(copyOf(route))).toBe(routeKey(route));
});

test('X5: isSameRoute() differs by everything that must not share a connection', () => {
  for (const [i, a] of ROUTES.entries()) {
    for (const [j, b] of ROUTES.entries()) expect([i, j, isSameRoute(a, copyOf(b))]).toEqual([i, j, i === j]);
  }
});

test('isSameRoute() takes what is not said for the default, as routeKey() does', () => {
  for (const said of [{ allowPrivate: false }, { caFile: '' }, { caFile: undefined, networkProxy: undefined }]) {
    expect([isSameRoute(ROUTE, { ...ROUTE, ...said }), routeKey({ ...ROUTE, ...said })]).toEqual([
      true,
      routeKey(ROUTE),
    ]);
  }
});

test('X5: ownerPrefix() begins the keys of that owner and of no other', () => {
  for (const { owner } of ROUTES) {
    for (const route of ROUTES) expect(routeKey(route).startsWith(ownerPrefix(owner))).toBe(route.owner === owner);
  }
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
