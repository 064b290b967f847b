// The authorization code grant against oidc-provider, our own listener and a browser that is played;
// and against servers that want the code, or want us to take another one.
import { expect, onTestFinished, test } from 'vitest';
import { listenForRedirect } from '../../cli/platform/loopback_redirect.ts';
import { createSend } from '../../cli/platform/send.ts';
import { timer } from '../../cli/platform/timer.ts';
import { createAgent } from '../../src/agent_id/agent.ts';
import type { Credential } from '../../src/credential/credential.ts';
import { obtainWithPerson, type PersonLoginPorts } from '../../src/login/person.ts';
import { buildCodeExchange } from '../../src/oauth/authorization_code.ts';
import { processTokenResponse } from '../../src/oauth/token_response.ts';
import { Secret } from '../../src/secret.ts';
import { makeOAuthProvider, memoryVault } from '../_lib/fixture.ts';
import { useIssuer, useServer } from '../_lib/lab.ts';
import type { IssuerOptions, TestIssuer } from '../_lib/oidc.ts';
import { type Page, walk } from '../_lib/walk.ts';

/** What a person's browser does with the page that it is sent to. */
type Browse = (page: string) => Promise<unknown>;

const clock = { now: () => Date.now() };
const sendTo = (issuer: TestIssuer) =>
  createSend({ env: (name) => name === 'SIG_EXTRA_CA' ? issuer.caFile : undefined });

async function setUp(options: IssuerOptions = {}) {
  const issuer = await useIssuer(options);
  const send = sendTo(issuer);
  /** Signs in, and stops at the address that the code is for. */
  const signIn = async (page: string) => {
    const { url } = await walk(page, { caPem: issuer.caPem, isVisited: (url) => !url.startsWith('http:') });
    return new URL(url);
  };
  /** Logs in, with a browser that does as it is told. */
  const login = async (browse: Browse, oauth2: Readonly<Record<string, unknown>> = {}): Promise<Credential> => {
    const provider = makeOAuthProvider({
      caFile: issuer.caFile,
      oauth2: {
        issuer: issuer.issuer,
        clientId: issuer.nativeClientId,
        grant: 'authorization_code',
        scopes: ['openid', 'offline_access', 'read:data'],
        ...oauth2,
      },
    });
    const browsing: Promise<unknown>[] = [];
    const ports: PersonLoginPorts = {
      send,
      clock,
      env: () => undefined,
      timer,
      listen: listenForRedirect,
      invite: ({ url }) => {
        browsing.push(browse(url));
        return Promise.resolve();
      },
    };
    try {
      return await obtainWithPerson(provider, {}, ports);
    } finally {
      await Promise.all(browsing);
    }
  };
  return { issuer, send, signIn, login };
}

const PUSHED = ['off', 'required'] as const;

test.each(PUSHED)('a person signs in and the token works, pushed requests %s', async (pushed) => {
  const { issuer, login } = await setUp({ pushed });
  let last: Page | undefined;
  const credential = await login(async (page) => last = await walk(page, { caPem: issuer.caPem }));
  expect([last!.status, last!.text]).toEqual([200, expect.stringContaining('close this window')]);
  expect(credential.oauth2!.refreshToken).toBeDefined();
  expect(issuer.requests.some(({ path }) => path === '/request')).toBe(pushed === 'required');
});

test.each<[string, (answer: URL) => void]>([
  ['no state', ({ searchParams }) => searchParams.delete('state')],
  ['a wrong state', ({ searchParams }) => searchParams.set('state', 'x')],
  ['a wrong iss', ({ searchParams }) => searchParams.set('iss', 'https://evil.example')],
  ['no iss, which the metadata promises', ({ searchParams }) => searchParams.delete('iss')],
  ['two codes', ({ searchParams }) => searchParams.append('code', 'other')],
  ['no code', ({ searchParams }) => searchParams.delete('code')],
])('B12: an answer with %s is refused, and no code is spent', async (_, change) => {
  const { issuer, signIn, login } = await setUp();
  const attempt = login(async (page) => {
    const answer = await signIn(page);
    change(answer);
    await walk(answer.href);
  });
  await expect(attempt).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  expect(issuer.requests.filter(({ path }) => path === '/token')).toEqual([]);
});

test('B12: the code of another login is worth nothing, even with the right state', async () => {
  const { signIn, login } = await setUp({ pushed: 'off' });
  let stolen = '';
  const theirs = login(async (page) => {
    stolen = (await signIn(page)).searchParams.get('code')!;
    const mine = login(async (other) => {
      const answer = await signIn(other);
      answer.searchParams.set('code', stolen);
      await walk(answer.href);
    });
    await expect(mine).rejects.toMatchObject({
      code: 'E_LOGIN_FAILED',
      message: expect.stringContaining('invalid_grant'),
    });
    await walk(`${new URL(page).searchParams.get('redirect_uri')}?error=access_denied`);
  });
  await expect(theirs).rejects.toThrow();
  expect(stolen).not.toBe('');
});

test.each<[string, { verifier?: string; redirectUri?: string }]>([
  ['no verifier', { verifier: '' }],
  ['a wrong verifier', { verifier: 'x'.repeat(43) }],
  ['another port', { redirectUri: 'http://127.0.0.1:1/callback' }],
  ['another path', { redirectUri: 'http://127.0.0.1/callback/' }],
])('B12: a code that was seen on its way is of no use with %s', async (_, change) => {
  const { issuer, send, signIn, login } = await setUp({ pushed: 'off' });
  const attempt = login(async (page) => {
    const answer = await signIn(page);
    const { head, body } = buildCodeExchange({
      tokenUrl: issuer.tokenUrl,
      client: { clientId: issuer.nativeClientId },
      code: new Secret(answer.searchParams.get('code')!),
      verifier: 'guess'.repeat(10),
      redirectUri: answer.origin + answer.pathname,
      ...change,
    });
    await expect(send(head, body, { allowPrivate: true }).then((response) => processTokenResponse(response, 'thief')))
      .rejects.toThrow(/refused/);
    await walk(`${answer.origin}${answer.pathname}?error=access_denied`);
  });
  await expect(attempt).rejects.toThrow();
});

test('B12: a redirect URI that is not registered gets no code', async () => {
  const { issuer, login } = await setUp({ pushed: 'off' });
  const redirectUri = 'http://127.0.0.1/other';
  let last: Page | undefined;
  const attempt = login(async (page) => {
    last = await walk(page, { caPem: issuer.caPem });
    await walk(`${new URL(page).searchParams.get('redirect_uri')}?error=x`);
  }, { redirectUri });
  await expect(attempt).rejects.toThrow();
  expect([last!.status, last!.url]).toEqual([400, expect.stringMatching(/^https:/)]);
  const pushed = await setUp({ pushed: 'required' });
  await expect(pushed.login(() => expect.fail('opened'), { redirectUri })).rejects.toMatchObject({
    code: 'E_LOGIN_FAILED',
  });
});

test('B12: mix-up: a hostile server that sends the person to an honest one never gets the code', async () => {
  const honest = await setUp({ pushed: 'off' });
  const evil = await useServer({
    handler: (request) => {
      const issuer = `https://${request.header('host')}`;
      if (request.path.startsWith('/auth?')) {
        const Location = honest.issuer.authorizationUrl + request.path.slice('/auth'.length);
        return { status: 302, headers: { Location } };
      }
      return {
        body: {
          issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          code_challenge_methods_supported: ['S256'],
        },
      };
    },
  });
  const attempt = honest.login(async (page) => await walk(page, { caPem: honest.issuer.caPem }), {
    issuer: evil.origin,
  });
  await expect(attempt).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE', message: expect.stringContaining('"iss"') });
  expect(evil.requests.filter(({ method }) => method === 'POST')).toEqual([]);
});

test('B12: a server that sends the person elsewhere leaves the login waiting, and the listener sends nobody on', async () => {
  const { issuer, login } = await setUp({ pushed: 'off' });
  const attempt = login(async (page) => {
    const redirectUri = new URL(page).searchParams.get('redirect_uri')!;
    const elsewhere = await walk(
      `${new URL(redirectUri).origin}/?redirect_uri=https://evil.example&url=https://evil.example`,
    );
    expect([elsewhere.status, elsewhere.headers.location]).toEqual([404, undefined]);
    await walk(page, { caPem: issuer.caPem });
    await expect(walk(`${redirectUri}?code=second`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
  expect((await attempt).values.access_token).toBeDefined();
});

test('D13: a server that gives another type of token is refused', async () => {
  const { issuer, login } = await setUp();
  issuer.overrideToken((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"access_token":"x","token_type":"DPoP"}');
  });
  await expect(login((page) => walk(page, { caPem: issuer.caPem }))).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
  });
});

test.each<[string, IssuerOptions]>([
  ['', { pushed: 'off' }],
  [', with nonces', { pushed: 'off', requiresDpopNonce: true }],
  [', pushed', { pushed: 'required' }],
  [', pushed, with nonces', { pushed: 'required', requiresDpopNonce: true }],
])('an agent gets tokens that are bound to its key by a code that is%s', async (_, options) => {
  const { issuer, send } = await setUp({ ...options, dpop: true });
  const agent = createAgent(memoryVault(), { send, timer, clock });
  const pages: string[] = [];
  const browsing: Promise<Page>[] = [];
  onTestFinished(async () => void await Promise.allSettled(browsing));
  const { session } = await agent.bootstrap({
    profile: 'standard',
    issuer: issuer.issuer,
    clientId: issuer.nativeClientId,
    grant: 'authorization_code',
    scope: 'openid offline_access read:data',
    listen: listenForRedirect,
    show: (link) => {
      pages.push(link);
      browsing.push(walk(link, { caPem: issuer.caPem }));
      return Promise.resolve();
    },
  });
  const { key } = await agent.read();
  expect(session).toMatchObject({ profile: 'standard', subject: 'person-1', jkt: key!.thumbprint });
  const asked = new URL(pages[0]!).searchParams;
  expect(asked.get('dpop_jkt')).toBe(options.pushed === 'off' ? key!.thumbprint : null);
  expect((await agent.refresh()).accessToken.reveal()).not.toBe(session.accessToken.reveal());
});
