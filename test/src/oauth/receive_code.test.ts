import { expect, test } from 'vitest';
import { type CodeFlow, receiveCode } from '../../../src/oauth/receive_code.ts';
import { challengeOf } from '../../../src/oauth/pkce.ts';
import { fixedClock, NOW_MS } from '../../_lib/fixture.ts';
import { honestAnswer, memoryBrowser } from '../../_lib/loopback.ts';

const ISSUER = 'https://as.example';
const metadata = {
  issuer: ISSUER,
  authorizationEndpoint: `${ISSUER}/auth`,
  tokenEndpoint: `${ISSUER}/token`,
  sendsIssuer: true,
};

function setUp(
  visit: (page: URL) => string | undefined = (page) => honestAnswer(page, ISSUER),
  more: Partial<CodeFlow> = {},
) {
  const browser = memoryBrowser(visit);
  const flow: CodeFlow = {
    name: 'api',
    metadata,
    request: { clientId: 'c', redirectUri: 'http://127.0.0.1/callback' },
    push: () => expect.fail('pushed'),
    listen: browser.listen,
    invite: browser.invite,
    clock: fixedClock(),
    timeoutMs: 300_000,
    ...more,
  };
  return { ...browser, flow };
}

test('receiveCode() gives the code and what only the asker knows', async () => {
  const { flow, invitations, listeners } = setUp();
  const { code, verifier, redirectUri, nonce } = await receiveCode(flow);
  expect([code.reveal(), redirectUri]).toEqual(['code-1', 'http://127.0.0.1:4321/callback']);
  const [{ url, endsAtMs, code: shown }] = invitations as [typeof invitations[0]];
  expect([endsAtMs, shown]).toEqual([NOW_MS + 300_000, undefined]);
  const { searchParams } = new URL(url);
  expect(searchParams.get('code_challenge')).toBe(await challengeOf(verifier));
  expect(searchParams.get('redirect_uri')).toBe(redirectUri);
  for (const secret of [verifier, nonce]) expect(url).not.toContain(secret);
  expect(listeners).toEqual({ opened: 1, closed: 1 });
});

test('receiveCode() pushes the request where the server takes that, and shows the browser nothing of it', async () => {
  const pushed: unknown[] = [];
  let state = '';
  const { flow, invitations } = setUp(() => `code=x&state=${state}&iss=${ISSUER}`, {
    metadata: { ...metadata, pushedAuthorizationRequestEndpoint: `${ISSUER}/par` },
    push: (endpoint, fields) => {
      pushed.push(endpoint, fields);
      state = fields.state!;
      return Promise.resolve({ client_id: 'c', request_uri: 'urn:x' });
    },
  });
  expect((await receiveCode(flow)).code.reveal()).toBe('x');
  expect(pushed).toEqual([`${ISSUER}/par`, expect.objectContaining({ code_challenge_method: 'S256', client_id: 'c' })]);
  expect(invitations[0]!.url).toBe(`${ISSUER}/auth?client_id=c&request_uri=urn%3Ax`);
});

test('B12: no two authorizations have a state, a challenge or a verifier in common', async () => {
  const made = [];
  for (let i = 0; i < 5; i++) {
    const { flow, invitations } = setUp();
    const { verifier } = await receiveCode(flow);
    const { searchParams } = new URL(invitations[0]!.url);
    made.push(verifier, searchParams.get('state'), searchParams.get('code_challenge'));
  }
  expect(new Set(made).size).toBe(15);
});

test.each<[string, (page: URL) => string | undefined, string]>([
  ['a wrong state', () => `code=x&state=other&iss=${ISSUER}`, 'E_TOKEN_RESPONSE'],
  ['another issuer', (page) => honestAnswer(page, 'https://evil.example'), 'E_TOKEN_RESPONSE'],
  ['no issuer', (page) => `code=x&state=${page.searchParams.get('state')}`, 'E_TOKEN_RESPONSE'],
  ['a no', (page) => `error=access_denied&${honestAnswer(page, ISSUER)}`, 'E_LOGIN_FAILED'],
  ['nobody', () => undefined, 'E_LOGIN_FAILED'],
])('B12: receiveCode() refuses %s, and listens no more', async (_, visit, code) => {
  const { flow, listeners } = setUp(visit);
  await expect(receiveCode(flow)).rejects.toMatchObject({ code });
  expect(listeners).toEqual({ opened: 1, closed: 1 });
});

test('receiveCode() listens no more when the server refuses the push', async () => {
  const { flow, listeners, invitations } = setUp(undefined, {
    metadata: { ...metadata, pushedAuthorizationRequestEndpoint: `${ISSUER}/par` },
    push: () => Promise.reject(new Error('refused')),
  });
  await expect(receiveCode(flow)).rejects.toThrow('refused');
  expect([listeners, invitations]).toEqual([{ opened: 1, closed: 1 }, []]);
});

test('receiveCode() ends when it is cancelled', async () => {
  const { flow } = setUp(undefined, { signal: AbortSignal.abort() });
  await expect(receiveCode(flow)).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
});

test('receiveCode() listens nowhere for a server without that grant', async () => {
  const { flow, listeners } = setUp(undefined, { metadata: { issuer: ISSUER } });
  await expect(receiveCode(flow)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  expect(listeners.opened).toBe(0);
});
