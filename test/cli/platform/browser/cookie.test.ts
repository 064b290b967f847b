import { expect, test } from 'vitest';
import { type DevtoolsCookie, fromDevtools, toDevtools } from '../../../../cli/platform/browser/cookie.ts';

const NOW = 1_790_000_000;
const COOKIE: DevtoolsCookie = {
  name: 'sid',
  value: 'v',
  domain: 'www.example.com',
  path: '/',
  expires: -1,
  httpOnly: true,
  secure: true,
};

test('fromDevtools() keeps every attribute', () => {
  expect(fromDevtools(COOKIE, NOW)).toEqual({
    name: 'sid',
    value: 'v',
    domain: 'www.example.com',
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: true,
    createdAtSec: NOW,
  });
  expect(
    fromDevtools({
      ...COOKIE,
      domain: '.example.com',
      expires: NOW + 0.9,
      sameSite: 'None',
      partitionKey: { topLevelSite: 'https://example.com', hasCrossSiteAncestor: false },
    }, NOW),
  ).toMatchObject({
    domain: 'example.com',
    hostOnly: false,
    expiresAtSec: NOW,
    sameSite: 'none',
    partitionKey: 'https://example.com',
  });
});

test("B6: fromDevtools() leaves out what only exists within another site's frames", () => {
  const partitionKey = { topLevelSite: 'https://example.com', hasCrossSiteAncestor: true };
  expect(fromDevtools({ ...COOKIE, partitionKey }, NOW)).toBeUndefined();
  expect(fromDevtools({ ...COOKIE, partitionKeyOpaque: true }, NOW)).toBeUndefined();
});

test('toDevtools() reverses fromDevtools()', () => {
  expect(toDevtools(fromDevtools({ ...COOKIE, value: 'é€😀' }, NOW)!)).toEqual({
    name: 'sid',
    value: 'é€😀',
    url: 'https://www.example.com/',
    path: '/',
    httpOnly: true,
    secure: true,
  });
  expect(toDevtools(fromDevtools({ ...COOKIE, domain: '.example.com', expires: NOW, sameSite: 'Lax' }, NOW)!))
    .toMatchObject({
      domain: '.example.com',
      expires: NOW,
      sameSite: 'Lax',
    });
  expect(toDevtools({ ...fromDevtools(COOKIE, NOW)!, value: '\u00ff' }).value).toBe('\u00ff');
  expect(toDevtools({ ...fromDevtools(COOKIE, NOW)!, secure: false }).url).toBe('http://www.example.com/');
});
