import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { SigError } from '../../../src/errors.ts';
import { validateCredential } from '../../../src/login/validate.ts';
import type { WireResponse } from '../../../src/ports.ts';
import { answer, fixedClock, makeCredential, makeProvider, scriptedSend, type Seen } from '../../_lib/fixture.ts';

async function validate(
  respond: (seen: Seen, count: number) => WireResponse | Promise<WireResponse>,
  config: Partial<ProviderConfig> = {},
) {
  const provider = makeProvider({ validateUrl: 'https://api.example.com/me', ...config });
  const send = scriptedSend(respond);
  const validity = await validateCredential(provider, makeCredential(provider), {
    send,
    clock: fixedClock(),
    env: () => undefined,
  });
  return { ...validity, seen: send.seen };
}

test.each([[200, 'yes'], [204, 'yes'], [401, 'no'], [403, 'no'], [429, 'unknown'], [500, 'unknown'], [503, 'unknown'], [
  404,
  'unknown',
], [400, 'unknown']])(
  'validateCredential() takes status %i for %s',
  async (status, valid) => {
    expect(await validate(() => answer(status))).toMatchObject({ valid });
  },
);

test.each(['E_UPSTREAM', 'E_TIMEOUT', 'E_UPSTREAM_TLS'] as const)(
  'validateCredential() takes %s for unknown',
  async (code) => {
    expect(await validate(() => Promise.reject(new SigError(code, 'down')))).toMatchObject({ valid: 'unknown' });
  },
);

test.each([
  ['https://login.idp.example/x', 'no'],
  ['/login?next=x', 'no'],
  ['https://api.example.com/auth/start', 'no'],
  ['http://api.example.com/me', 'no'],
])('validateCredential() takes a redirect to %s for %s', async (location, valid) => {
  const { valid: got, seen } = await validate(() => answer(302, '', [['Location', location]]));
  expect(got).toBe(valid);
  expect(seen).toHaveLength(1);
});

test("validateCredential() follows a redirect within the provider's own hosts, with the credential", async () => {
  const { valid, seen } = await validate(
    (_, count) => count === 1 ? answer(301, '', [['Location', 'https://www.example.com/me/']]) : answer(200),
    { domains: ['api.example.com', 'www.example.com'] },
  );
  expect(valid).toBe('yes');
  expect(seen[1]!.header('authorization')).toBe('Bearer token-1');
});

test("validateCredential() never sends the credential to a host that is not the provider's", async () => {
  const { seen } = await validate(() => answer(302, '', [['Location', 'https://evil.example/']]));
  expect(seen.map((one) => one.head.target.host)).toEqual(['api.example.com']);
});

test('validateCredential() gives up on a redirect loop', async () => {
  expect(await validate(() => answer(302, '', [['Location', '/me']]))).toMatchObject({ valid: 'no' });
});

test('loginUrlPatterns replace the built-in guess', async () => {
  const config = { loginUrlPatterns: ['/welcome*new'] };
  expect(await validate((_, count) => count === 1 ? answer(302, '', [['Location', '/login']]) : answer(200), config))
    .toMatchObject({ valid: 'yes' });
  expect(await validate(() => answer(302, '', [['Location', '/welcome/it/is/new']]), config)).toMatchObject({
    valid: 'no',
  });
});

test.each<[number, unknown, string, string]>([
  [200, { status_code: 0 }, 'res.body.status_code === 0', 'yes'],
  [200, { status_code: 8 }, 'res.body.status_code === 0', 'no'],
  [200, 'plain text', 'res.body.includes("plain")', 'yes'],
  [403, { ok: true }, 'res.body.ok === true', 'yes'],
  [503, {}, 'res.body.ok === true', 'unknown'],
  [429, '', 'res.status === 200', 'unknown'],
  [302, '', 'res.headers.location === "/login"', 'yes'],
])('the rule decides: status %i, body %j, rule %s is %s', async (status, body, validateRule, valid) => {
  expect(await validate(() => answer(status, body, [['Location', '/login']]), { validateRule })).toMatchObject({
    valid,
  });
});

test('C3: a false rule says "no" and destroys nothing', async () => {
  const provider = makeProvider({ validateUrl: 'https://api.example.com/me', validateRule: 'false' });
  const credential = makeCredential(provider);
  const before = JSON.stringify(credential.values.token!.reveal());
  expect(
    await validateCredential(provider, credential, {
      send: scriptedSend(() => answer(200)),
      clock: fixedClock(),
      env: () => undefined,
    }),
  )
    .toMatchObject({ valid: 'no' });
  expect(JSON.stringify(credential.values.token!.reveal())).toBe(before);
});

test('a provider without validateUrl cannot be asked', async () => {
  const provider = makeProvider();
  const send = scriptedSend(() => answer(200));
  expect(
    await validateCredential(provider, makeCredential(provider), { send, clock: fixedClock(), env: () => undefined }),
  ).toMatchObject({ valid: 'unknown' });
  expect(send.seen).toEqual([]);
});
