import { expect, test } from 'vitest';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { type SignatureParams, signMessage } from '../../../src/message_signature/sign_message.ts';
import {
  type BotClaim,
  verifyWebBotAuth,
  type VerifyWebBotAuthOptions,
} from '../../../src/message_signature/verify_web_bot_auth.ts';
import { signWebBotAuth } from '../../../src/message_signature/web_bot_auth.ts';

const nowSec = 1_800_000_000;
const now = () => nowSec * 1000;
const key = await generateKey('Ed25519');
const other = await generateKey('Ed25519');
const request = { method: 'GET', url: 'https://shop.example/a?b', headers: [] };
const options: VerifyWebBotAuthOptions = { now, findKey: () => key.publicJwk };
const good = { created: nowSec, expires: nowSec + 60, keyid: key.thumbprint, tag: 'web-bot-auth' };

/** A request with any fields, signed as told: what a hostile or careless bot may send. */
async function signed(
  {
    agent = 'sig1="https://bot.example"' as string | null,
    components = ['@authority', '"signature-agent";key="sig1"'],
    params = good as SignatureParams,
  } = {},
) {
  const headers = agent === null ? [] : [['Signature-Agent', agent] as const];
  const message = { ...request, headers };
  return { ...message, headers: [...headers, ...await signMessage(message, { key, components, params })] };
}

test('verifyWebBotAuth() takes what the draft asks for', async () => {
  expect(await verifyWebBotAuth(await signed(), options)).toMatchObject({
    outcome: 'verified',
    bot: { agent: 'https://bot.example', keyid: key.thumbprint },
    signature: { label: 'sig1' },
  });
  const typed = await signed({ agent: 'sig1="https://bot.example/jwks";type=jwks_uri' });
  expect(await verifyWebBotAuth(typed, options)).toMatchObject({
    bot: { agent: 'https://bot.example/jwks', type: 'jwks_uri' },
  });
});

test('verifyWebBotAuth() finds its signature among others', async () => {
  const bot = await signWebBotAuth(request, { key, agent: 'https://bot.example', now, label: 'bot' });
  const first = { ...request, headers: bot };
  const proxy = await signMessage(first, {
    key: other,
    label: 'proxy',
    components: ['@method'],
    params: { tag: 'proxy' },
  });
  expect(await verifyWebBotAuth({ ...first, headers: [...proxy, ...bot] }, options)).toMatchObject({
    outcome: 'verified',
  });
});

test.each<[string, Parameters<typeof signed>[0], string]>([
  ['no created', { params: { ...good, created: undefined } as unknown as SignatureParams }, 'malformed'],
  ['no expires', { params: { ...good, expires: undefined } as unknown as SignatureParams }, 'malformed'],
  ['no keyid', { params: { ...good, keyid: undefined } as unknown as SignatureParams }, 'malformed'],
  ['a keyid that is no thumbprint', { params: { ...good, keyid: 'my-key' } }, 'malformed'],
  ['another tag', { params: { ...good, tag: 'other' } }, 'unsigned'],
  ['a life of more than a day', { params: { ...good, expires: nowSec + 86_401 } }, 'too_long'],
  ['an end before its beginning', { params: { ...good, created: nowSec + 10, expires: nowSec + 5 } }, 'too_long'],
  ['an end that is past', { params: { ...good, created: nowSec - 60, expires: nowSec - 1 } }, 'expired'],
  ['a beginning in the future', { params: { ...good, created: nowSec + 31, expires: nowSec + 60 } }, 'in_the_future'],
  ['no authority', { components: ['@method', '"signature-agent";key="sig1"'] }, 'not_covered'],
  ['an agent that is not covered', { components: ['@authority'] }, 'not_covered'],
  ['an agent covered as the other profile', { components: ['@authority', 'signature-agent'] }, 'not_covered'],
  ['the agent of another label', {
    agent: 'sig2="https://bot.example"',
    components: ['@authority', '"signature-agent";key="sig2"'],
  }, 'bad_agent'],
  ['a plain http agent', { agent: 'sig1="http://bot.example"' }, 'bad_agent'],
  ['an agent that is no URL', { agent: 'sig1="bot.example"' }, 'bad_agent'],
  ['an agent that is no string', { agent: 'sig1=bot' }, 'bad_agent'],
  ['an agent that is a list', { agent: 'sig1=("https://bot.example")' }, 'bad_agent'],
])('verifyWebBotAuth() refuses %s', async (_, how, fault) => {
  expect(await verifyWebBotAuth(await signed(how), options)).toEqual({ outcome: 'invalid', fault });
});

test('verifyWebBotAuth() does not look up what cannot be right', async () => {
  const asked: BotClaim[] = [];
  const findKey = (claim: BotClaim) => {
    asked.push(claim);
    return key.publicJwk;
  };
  await verifyWebBotAuth(await signed({ params: { ...good, created: nowSec - 60, expires: nowSec - 1 } }), {
    now,
    findKey,
  });
  await verifyWebBotAuth(await signed({ agent: 'sig1="http://169.254.169.254"' }), { now, findKey });
  expect(asked).toEqual([]);
});

test('verifyWebBotAuth() does not take another key for the one that is named', async () => {
  expect(await verifyWebBotAuth(await signed(), { now, findKey: () => other.publicJwk })).toEqual({
    outcome: 'unverified',
    fault: 'unknown_key',
  });
  expect(await verifyWebBotAuth(await signed(), { now, findKey: () => undefined })).toEqual({
    outcome: 'unverified',
    fault: 'unknown_key',
  });
});

test('verifyWebBotAuth() takes a bot without agent by its key alone', async () => {
  const verdict = await verifyWebBotAuth(await signed({ agent: null, components: ['@authority'] }), options);
  expect(verdict).toMatchObject({ outcome: 'verified', bot: { keyid: key.thumbprint } });
});

test('verifyWebBotAuth() asks whether a nonce is fresh, after the signature has proven it', async () => {
  const message = await signed({ params: { ...good, nonce: 'n' } });
  const asked: unknown[] = [];
  const isFreshNonce = (...given: unknown[]) => asked.push(given) === 1;
  expect(await verifyWebBotAuth({ ...message, url: 'https://other.example/' }, { ...options, isFreshNonce }))
    .toMatchObject({ fault: 'bad_signature' });
  expect(await verifyWebBotAuth(message, { ...options, isFreshNonce })).toMatchObject({ outcome: 'verified' });
  expect(await verifyWebBotAuth(message, { ...options, isFreshNonce })).toEqual({
    outcome: 'invalid',
    fault: 'replayed',
  });
  expect(asked).toEqual([['n', nowSec + 60], ['n', nowSec + 60]]);
});

test.each([[[]], [[['Signature-Input', 'x=(']]], [[['Signature-Input', 'x=();tag="web-bot-auth"'], [
  'Signature',
  'x=1',
]]]])(
  'verifyWebBotAuth() of fields %j is no exception',
  async (headers) => {
    expect(await verifyWebBotAuth({ ...request, headers: headers as [string, string][] }, options)).toMatchObject({
      outcome: 'invalid',
    });
  },
);
