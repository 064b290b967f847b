import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import {
  decodeCredential,
  encodeCredential,
  hasKeysFor,
  hasValues,
  isExpired,
  withoutValues,
} from '../../../src/credential/credential.ts';
import { Secret } from '../../../src/secret.ts';
import { makeCredential, makeOAuthProvider, NOW_MS } from '../../_lib/fixture.ts';

const cookie: Cookie = {
  name: 'sid',
  value: 'cookie-canary',
  domain: 'a.example',
  hostOnly: true,
  path: '/',
  secure: true,
  httpOnly: true,
  createdAtSec: 1,
};
const full = makeCredential(makeOAuthProvider(), { access_token: 'access-canary' }, {
  expiresAtSec: NOW_MS / 1000 + 60,
  cookies: new Secret([cookie]),
  oauth2: {
    clientId: 'client',
    clientSecret: new Secret('secret-canary'),
    refreshToken: new Secret('refresh-canary'),
    tokenUrl: 'https://as.example.com/token',
    scope: 'a b',
  },
});

test('decodeCredential() reads back what encodeCredential() wrote', () => {
  const back = decodeCredential('api', JSON.parse(JSON.stringify(encodeCredential(full))));
  expect(encodeCredential(back)).toEqual(encodeCredential(full));
  expect(back.values.access_token!.reveal()).toBe('access-canary');
});

test.each([null, 1, 'x', [], {}, { format: 2 }, { ...encodeCredential(full), values: null }])(
  'decodeCredential() refuses %j',
  (json) => {
    expect(() => decodeCredential('api', json)).toThrow(
      expect.objectContaining({ code: 'E_CORRUPT', provider: 'api' }),
    );
  },
);

test('R7: a credential shows no value to inspect, JSON or templates', () => {
  const shown = [inspect(full, { depth: 10, showHidden: true }), JSON.stringify(full), `${full.values.access_token}`]
    .join('\n');
  expect(shown).not.toContain('canary');
});

test('withoutValues() keeps the OAuth client and the binding, and no token', () => {
  const left = withoutValues(full);
  expect(hasValues(left)).toBe(false);
  expect(left.binding).toEqual(full.binding);
  const text = JSON.stringify(encodeCredential(left));
  expect(text).toContain('secret-canary');
  for (const gone of ['access-canary', 'refresh-canary', 'cookie-canary']) expect(text).not.toContain(gone);
});

test('hasValues() counts cookies', () => {
  expect(hasValues({ ...full, values: {} })).toBe(true);
  expect(hasValues({ ...full, values: {}, cookies: new Secret([]) })).toBe(false);
});

test('isExpired() is true from the very second of the expiry, earlier by the margin', () => {
  const expiresAtSec = full.expiresAtSec!;
  expect(isExpired(full, expiresAtSec - 1)).toBe(false);
  expect(isExpired(full, expiresAtSec)).toBe(true);
  expect(isExpired(full, expiresAtSec - 30, 30)).toBe(true);
  expect(isExpired(makeCredential(makeOAuthProvider()), 9e12)).toBe(false);
});

const keys = { dpop: new Secret<JsonWebKey>({ kty: 'EC', d: 'd-canary' }), webBotAuth: new Secret({ kty: 'OKP' }) };

test('keys are sealed with the login, do not print, and go with a logout', () => {
  const login = { ...full, keys };
  const back = decodeCredential('api', JSON.parse(JSON.stringify(encodeCredential(login))));
  expect(back.keys!.dpop!.reveal()).toEqual({ kty: 'EC', d: 'd-canary' });
  expect(back.keys!.webBotAuth!.reveal()).toEqual({ kty: 'OKP' });
  expect(JSON.stringify(login) + inspect(login, { depth: 9, showHidden: true })).not.toContain('d-canary');
  expect(withoutValues(login)).not.toHaveProperty('keys');
});

test('hasKeysFor() wants exactly the keys that the entry asks for', () => {
  const { dpop, webBotAuth } = keys;
  const sign = { profile: 'web-bot-auth', agent: 'https://bot.example' } as const;
  const bound = { oauth2: { dpop: true } };
  expect(hasKeysFor(full, {})).toBe(true);
  expect(hasKeysFor(full, bound)).toBe(false);
  expect(hasKeysFor({ ...full, keys: { dpop } }, bound)).toBe(true);
  expect(hasKeysFor({ ...full, keys: { dpop } }, {})).toBe(false);
  expect(hasKeysFor(full, { sign })).toBe(false);
  expect(hasKeysFor({ ...full, keys: { dpop, webBotAuth } }, { ...bound, sign })).toBe(true);
  expect(hasKeysFor({ ...full, keys: { webBotAuth } }, {})).toBe(true);
});

test('hasValues() of a login that is a key is whether there is the key', () => {
  const login = { ...full, strategy: 'key', values: { x: new Secret('y') } } as const;
  expect([hasValues(login), hasValues({ ...login, keys })]).toEqual([false, true]);
});
