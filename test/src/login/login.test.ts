import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { login, type LoginPorts } from '../../../src/login/login.ts';
import type { WireResponse } from '../../../src/ports.ts';
import type { Provider } from '../../../src/provider/provider.ts';
import { Secret } from '../../../src/secret.ts';
import { SigError } from '../../../src/errors.ts';
import {
  answer,
  fixedClock,
  makeCredential,
  makeOAuthProvider,
  makeProvider,
  memoryAudit,
  memoryCredentials,
  scriptedSend,
  type Seen,
} from '../../_lib/fixture.ts';

async function setUp(
  provider: Provider,
  respond: (seen: Seen) => WireResponse | Promise<WireResponse>,
  pasted = 'new-token',
) {
  const credentials = await memoryCredentials(makeCredential(provider, { token: 'old', access_token: 'old' }));
  const audit = memoryAudit();
  const ports: LoginPorts = {
    credentials,
    audit,
    send: scriptedSend(respond),
    clock: fixedClock(),
    env: () => undefined,
    prompt: {
      line: () => Promise.resolve(''),
      secret: () => Promise.resolve(new Secret(pasted)),
      confirm: () => Promise.resolve(true),
    },
  };
  return { ports, credentials, audit };
}
const asked: Partial<ProviderConfig> = { validateUrl: 'https://api.example.com/me' };

test('login() obtains, validates and seals', async () => {
  const provider = makeProvider(asked);
  const { ports, credentials, audit } = await setUp(
    provider,
    (seen) => answer(seen.header('authorization') === 'Bearer new-token' ? 200 : 401),
  );
  expect((await login(provider, ports)).validity.valid).toBe('yes');
  expect((await credentials.open('api'))!.values.token!.reveal()).toBe('new-token');
  expect(audit.events).toEqual([{ event: 'login', provider: 'api', strategy: 'prompt' }]);
});

test.each<[string, Provider, (seen: Seen) => WireResponse | Promise<WireResponse>, string, string]>([
  ['the site refuses', makeProvider(asked), () => answer(401), 'new', 'E_LOGIN_FAILED'],
  ['the site is busy', makeProvider(asked), () => answer(429), 'new', 'E_UNVERIFIED'],
  [
    'the site is down',
    makeProvider(asked),
    () => Promise.reject(new SigError('E_UPSTREAM', 'x')),
    'new',
    'E_UNVERIFIED',
  ],
  [
    'the rule does not hold',
    makeProvider({ ...asked, validateRule: 'res.body.ok' }),
    () => answer(200, {}),
    'new',
    'E_LOGIN_FAILED',
  ],
  ['the answer cannot be a header', makeProvider(asked), () => answer(200), 'a\nb', 'E_LOGIN_FAILED'],
  [
    'the token endpoint refuses',
    makeOAuthProvider(),
    () => answer(400, { error: 'invalid_client' }),
    '',
    'E_LOGIN_FAILED',
  ],
  ['the token endpoint is down', makeOAuthProvider(), () => answer(500), '', 'E_UPSTREAM'],
  ['the token endpoint talks nonsense', makeOAuthProvider(), () => answer(200, 'x'), '', 'E_TOKEN_RESPONSE'],
  [
    'the token endpoint times out',
    makeOAuthProvider(),
    () => Promise.reject(new SigError('E_TIMEOUT', 'x')),
    '',
    'E_TIMEOUT',
  ],
])('S17: login() keeps the old credential when %s', async (_, provider, respond, pasted, code) => {
  const { ports, credentials, audit } = await setUp(provider, respond, pasted);
  await expect(login(provider, ports)).rejects.toMatchObject({ code });
  const kept = (await credentials.open('api'))!;
  expect((kept.values.token ?? kept.values.access_token)!.reveal()).toBe('old');
  expect(audit.events).toEqual([]);
});

test('S17: login() stores nothing when the config entry cannot be written', async () => {
  const provider = makeProvider();
  const { ports, credentials } = await setUp(provider, () => answer(200));
  await expect(login(provider, ports, {}, () => Promise.reject(new SigError('E_STORE', 'full')))).rejects.toMatchObject(
    { code: 'E_STORE' },
  );
  expect((await credentials.open('api'))!.values.token!.reveal()).toBe('old');
});

test('login() by OAuth asks for a new grant and does not spend the old refresh token', async () => {
  const provider = makeOAuthProvider();
  const bodies: string[] = [];
  const { ports, credentials } = await setUp(
    provider,
    (seen) => (bodies.push(seen.body), answer(200, { access_token: 'at' })),
  );
  await credentials.seal(makeCredential(provider, {}, { oauth2: { refreshToken: new Secret('rt') } }));
  await login(provider, ports, { clientId: 'given', clientSecret: new Secret('given-secret') });
  expect(bodies).toEqual(['grant_type=client_credentials']);
});

test('login() with a browser says so where there is none', async () => {
  const provider = makeProvider({ strategy: 'browser', extract: [{ from: 'cookies', as: 'token' }] });
  const { ports } = await setUp(provider, () => answer(200));
  await expect(login(provider, ports)).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
});
