import { expect, test } from 'vitest';
import {
  type AgentSession,
  decodeSession,
  encodeSession,
  grantOf,
  isStale,
  readClaims,
  withTokens,
} from '../../../src/agent_id/session.ts';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { Secret } from '../../../src/secret.ts';

const jwt = (claims: unknown) => `e30.${encodeBase64url(encodeUtf8(JSON.stringify(claims)))}.x`;
const SESSION: AgentSession = {
  profile: 'alien',
  issuer: 'https://sso.example',
  tokenUrl: 'https://sso.example/oauth/token',
  clientId: 'client',
  algorithm: 'EdDSA',
  jkt: 'thumb',
  accessToken: new Secret('access-token'),
  refreshToken: new Secret('refresh-token'),
  obtainedAtSec: 100,
  expiresAtSec: 200,
  subject: 'owner',
  allowedOrigins: ['https://a.example'],
};

test('encodeSession() and decodeSession() are each other’s inverse; only the sealed form shows tokens', () => {
  const encoded = encodeSession(SESSION);
  expect(encoded).toMatchObject({ format: 1, accessToken: 'access-token', refreshToken: 'refresh-token' });
  const decoded = decodeSession(JSON.parse(JSON.stringify(encoded)));
  expect(encodeSession(decoded)).toEqual(encoded);
  expect(JSON.stringify(decoded)).not.toContain('access-token');
});

test.each([
  null,
  [],
  'x',
  {},
  { format: 2 },
  { profile: 'other' },
  { algorithm: 'HS256' },
  { accessToken: 7 },
  { refreshToken: 7 },
  { allowedOrigins: 'https://a.example' },
  { allowedOrigins: [1] },
  { expiresAtSec: '1' },
  { obtainedAtSec: undefined },
])('decodeSession() refuses %o', (change) => {
  const json = typeof change === 'object' && change !== null && Object.keys(change).length > 0
    ? { ...encodeSession(SESSION), ...change }
    : change;
  expect(() => decodeSession(json)).toThrow(expect.objectContaining({ code: 'E_CORRUPT' }));
});

test('withTokens() takes the end from expires_in, else from the token, else knows none', () => {
  const grant = grantOf(SESSION);
  const at = (accessToken: string, expiresInSec?: number) =>
    withTokens(grant, {
      accessToken: new Secret(accessToken),
      tokenType: 'DPoP',
      ...(expiresInSec === undefined ? {} : { expiresInSec }),
    }, 1000).expiresAtSec;
  expect([at(jwt({ exp: 5000 }), 60), at(jwt({ exp: 5000 })), at('opaque')]).toEqual([1060, 5000, undefined]);
});

test('withTokens() keeps what a refresh leaves out', () => {
  const fresh = withTokens(grantOf(SESSION), { accessToken: new Secret('new'), tokenType: 'DPoP' }, 300, SESSION);
  expect(fresh.refreshToken?.reveal()).toBe('refresh-token');
  expect([fresh.allowedOrigins, fresh.subject, fresh.expiresAtSec]).toEqual([
    ['https://a.example'],
    'owner',
    undefined,
  ]);
});

test('isStale() counts the margin; without an end nothing is stale', () => {
  expect([139, 140, 200].map((now) => isStale(SESSION, now, 60))).toEqual([false, true, true]);
  const { expiresAtSec: _, ...endless } = SESSION;
  expect(isStale(endless, 1e12, 60)).toBe(false);
});

test.each([
  [jwt({ exp: 1, sub: 's', cnf: { jkt: 'j' } }), { exp: 1, sub: 's', jkt: 'j' }],
  [jwt({ exp: '1', sub: 2, cnf: 'x' }), {}],
  [jwt(null), {}],
  ['opaque', {}],
  ['', {}],
  ['a.!!.c', {}],
])('readClaims() of %s', (token, claims) => {
  expect(readClaims(token)).toEqual(claims);
});
