import { expect, test } from 'vitest';
import { adoptSigcli } from '../../../src/login/adopt_sigcli.ts';
import { valueFor } from '../../../src/credential/value_for.ts';
import { Secret } from '../../../src/secret.ts';
import { headOf, makeProvider } from '../../_lib/fixture.ts';

const provider = makeProvider({
  domains: ['x.example', '*.y.example'],
  strategy: 'browser',
  extract: [{ from: 'cookies', as: 'cookie' }, { from: 'localStorage', as: 'token' }],
  apply: [{ in: 'header', name: 'Cookie', value: '${cookie}' }],
});
const adopted = adoptSigcli(provider, {
  id: 'api',
  strategy: 'browser',
  updatedAtSec: 100,
  expiresAtSec: 200,
  values: { cookie: new Secret('a=1; b=x=y; a=2;;nonsense'), token: new Secret('t') },
});
const cookie = (url: string) =>
  valueFor(adopted, provider.extract, 'cookie', { in: 'header', name: 'Cookie' }, headOf(url), 150);

test('adoptSigcli() turns the one text into cookies of every host of the provider, over https alone', () => {
  expect(cookie('https://x.example/')).toBe('a=2; b=x=y');
  expect(cookie('https://sub.y.example/p')).toBe('a=2; b=x=y');
  expect(cookie('https://sub.x.example/')).toBeUndefined();
  expect(cookie('http://x.example/')).toBeUndefined();
});

test('adoptSigcli() keeps other values, times and the binding of now', () => {
  expect(adopted).toMatchObject({
    provider: 'api',
    obtainedAtSec: 100,
    expiresAtSec: 200,
    binding: { domains: ['*.y.example', 'x.example'] },
  });
  expect(adopted.values.token!.reveal()).toBe('t');
});
