import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import type { Credential } from '../../../src/credential/credential.ts';
import { SigError } from '../../../src/errors.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import { Secret } from '../../../src/secret.ts';
import { explainRequest } from '../../../src/sig/explain.ts';
import { headOf, makeCredential, makeOAuthProvider, makeProvider, NOW_MS } from '../../_lib/fixture.ts';

const nowSec = NOW_MS / 1000;
const provider = makeProvider({ domains: ['*.example.com'] });
const explain = (url: string, stored: Credential | undefined | Error, of = provider, method = 'GET') =>
  explainRequest(
    createProviderSet([of]),
    headOf(url, method),
    () => stored instanceof Error ? Promise.reject(stored) : Promise.resolve(stored),
    nowSec,
  );

test('explainRequest() names provider, domain, what is added and why; never a value', async () => {
  const explanation = await explain(
    'https://api.example.com/a?token=canary',
    makeCredential(provider, { token: 'canary' }, { expiresAtSec: nowSec + 60 }),
  );
  expect(explanation).toEqual({
    method: 'GET',
    target: 'https://api.example.com/a',
    decision: 'inject',
    provider: 'api',
    domain: '*.example.com',
    credential: 'valid',
    expiresAt: '2026-01-02T03:05:05.000Z',
    adds: ['header Authorization'],
    lacks: [],
    reason: 'domain "*.example.com" belongs to "api"',
  });
});

test.each<[string, string, Credential | undefined | Error, Record<string, unknown>]>([
  ['an unknown host', 'https://other.example/', undefined, {
    decision: 'refuse',
    code: 'E_NO_PROVIDER',
    hint: 'add one: sig login https://other.example',
  }],
  ['plain http', 'http://api.example.com/', undefined, { decision: 'refuse', code: 'E_PLAINTEXT' }],
  ['no login', 'https://api.example.com/', undefined, {
    decision: 'login',
    credential: 'missing',
    hint: 'sig login api',
  }],
  ['a logged out one', 'https://api.example.com/', makeCredential(provider, {}), {
    decision: 'login',
    credential: 'logged out',
  }],
  ['an unreadable one', 'https://api.example.com/', new SigError('E_TAMPER', 'bad', { hint: 'do' }), {
    decision: 'refuse',
    credential: 'unreadable',
    code: 'E_TAMPER',
  }],
])('explainRequest() explains %s', async (_, url, stored, wanted) => {
  expect(await explain(url, stored)).toMatchObject(wanted);
});

test('explainRequest() shows an expired login that will be renewed', async () => {
  const oauth = makeOAuthProvider();
  const stored = makeCredential(oauth, { access_token: 'a' }, { expiresAtSec: nowSec - 1 });
  expect(await explain('https://api.example.com/', stored, oauth)).toMatchObject({
    decision: 'inject',
    credential: 'expired',
    reason: expect.stringContaining('renewed first'),
  });
});

test('explainRequest() says which rule has no value for this URL', async () => {
  const cookie: Cookie = {
    name: 's',
    value: 'v',
    domain: 'api.example.com',
    hostOnly: true,
    path: '/app',
    secure: true,
    httpOnly: true,
    createdAtSec: 1,
  };
  const site = makeProvider({
    strategy: 'browser',
    extract: [{ from: 'cookies', as: 'c' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${c}' }],
  });
  const stored = makeCredential(site, {}, { cookies: new Secret([cookie]) });
  expect(await explain('https://api.example.com/app/x', stored, site)).toMatchObject({
    decision: 'inject',
    adds: ['header Cookie'],
  });
  expect(await explain('https://api.example.com/', stored, site)).toMatchObject({
    decision: 'login',
    adds: [],
    lacks: ['header Cookie'],
  });
});

test('C7: explainRequest() shows what a changed config would widen', async () => {
  const wider = makeProvider({ domains: ['*.example.com', 'evil.example'] });
  expect(await explain('https://api.example.com/', makeCredential(provider), wider)).toMatchObject({
    decision: 'refuse',
    code: 'E_POLICY_CHANGED',
    reason: expect.stringContaining('"evil.example"'),
    hint: 'sig config approve api',
  });
});
