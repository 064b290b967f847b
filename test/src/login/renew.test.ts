import { expect, test } from 'vitest';
import { createRenewal } from '../../../src/login/renew.ts';
import { Secret } from '../../../src/secret.ts';
import {
  answer,
  fixedClock,
  makeCredential,
  makeOAuthProvider,
  makeProvider,
  scriptedSend,
} from '../../_lib/fixture.ts';

const send = scriptedSend(() => answer(200, { access_token: 'new' }));
const ports = { send, clock: fixedClock(), env: () => undefined };
const browser = makeProvider({ strategy: 'browser', extract: [{ from: 'cookies', as: 'token' }] });

test('createRenewal() renews OAuth by itself', async () => {
  const credential = await createRenewal(ports)(makeOAuthProvider(), undefined);
  expect(credential.values.access_token!.reveal()).toBe('new');
});

test('createRenewal() renews a browser login only where somebody can', async () => {
  const renewed = makeCredential(browser, { token: 'b' });
  const renew = createRenewal({ ...ports, renewBrowser: () => Promise.resolve(renewed) });
  expect(await renew(browser, makeCredential(browser))).toBe(renewed);
  await expect(renew(browser, undefined)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED', hint: 'sig login api' });
  await expect(createRenewal(ports)(browser, makeCredential(browser))).rejects.toMatchObject({
    code: 'E_LOGIN_REQUIRED',
  });
});

test('createRenewal() never renews a pasted token', async () => {
  await expect(createRenewal(ports)(makeProvider(), makeCredential(makeProvider()))).rejects.toMatchObject({
    code: 'E_LOGIN_REQUIRED',
  });
});

test('createRenewal() needs a person when the client secret is gone', async () => {
  const provider = makeOAuthProvider({ oauth2: { tokenUrl: 'https://as.example.com/token', clientId: 'c' } });
  await expect(createRenewal(ports)(provider, makeCredential(provider))).rejects.toMatchObject({
    code: 'E_LOGIN_REQUIRED',
  });
  const known = makeCredential(provider, {}, { oauth2: { clientSecret: new Secret('s') } });
  expect((await createRenewal(ports)(provider, known)).values.access_token!.reveal()).toBe('new');
});

test('createRenewal() gives a good login the key that its entry asks for by now, and no person is needed', async () => {
  const provider = makeProvider({ sign: { profile: 'web-bot-auth', agent: 'https://bot.example' } });
  const old = makeCredential(provider);
  const renewed = await createRenewal(ports)(provider, old);
  expect(renewed).toMatchObject({ ...old, keys: { webBotAuth: expect.anything() } });
  await expect(createRenewal(ports)(provider, renewed)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
});
