import { expect, test } from 'vitest';
import { obtainKey, withBotKey } from '../../../src/login/bot_key.ts';
import { fixedClock, makeCredential, makeProvider, NOW_MS } from '../../_lib/fixture.ts';

const sign = { profile: 'web-bot-auth', agent: 'https://bot.example' } as const;
const bot = makeProvider({ sign });

test('withBotKey() makes an Ed25519 key, and keeps that of the login before', async () => {
  const first = await withBotKey(bot, makeCredential(bot), undefined);
  expect(first.keys!.webBotAuth!.reveal()).toMatchObject({ kty: 'OKP', crv: 'Ed25519', d: expect.any(String) });
  const second = await withBotKey(bot, makeCredential(bot), first);
  expect(second.keys!.webBotAuth).toBe(first.keys!.webBotAuth);
  const other = await withBotKey(bot, makeCredential(bot), makeCredential(bot));
  expect(other.keys!.webBotAuth!.reveal().d).not.toBe(first.keys!.webBotAuth!.reveal().d);
});

test('withBotKey() changes nothing where nothing signs', async () => {
  const login = makeCredential(makeProvider());
  expect(await withBotKey(makeProvider(), login, login)).toBe(login);
});

test('obtainKey() is a login without values', () => {
  const provider = makeProvider({ strategy: 'key', extract: [], apply: [], sign });
  expect(obtainKey(provider, fixedClock())).toMatchObject({
    provider: 'api',
    strategy: 'key',
    obtainedAtSec: NOW_MS / 1000,
    values: {},
  });
});
