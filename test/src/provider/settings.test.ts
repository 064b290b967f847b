import { expect, test } from 'vitest';
import { readOAuth2, readSetting, sendOptionsOf } from '../../../src/provider/settings.ts';
import { headOf, makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

const env = (name: string) => ({ HOST: 'proxy', EMPTY: '' })[name];
const target = (url: string) => headOf(url).target;

test('readSetting() reads the environment at the moment of use, empty values too', () => {
  expect(readSetting(makeProvider(), 'x', 'http://${HOST}:1${EMPTY}', env)).toBe('http://proxy:1');
  expect(() => readSetting(makeProvider(), 'caFile', '${UNSET}', env)).toThrow(
    expect.objectContaining({
      code: 'E_ENV_UNSET',
      provider: 'api',
      message: expect.stringContaining('"caFile" from UNSET'),
    }),
  );
});

test('readOAuth2() reads the text settings', () => {
  expect(readOAuth2(makeOAuthProvider(), 'clientId', env)).toBe('client');
  expect(readOAuth2(makeOAuthProvider(), 'audience', env)).toBeUndefined();
});

test('sendOptionsOf() gives proxy and CA with the environment read', () => {
  const provider = makeProvider({ networkProxy: 'socks5h://${HOST}:1080', caFile: '/ca.pem' });
  expect(sendOptionsOf(provider, target('https://api.example.com/'), env)).toEqual({
    networkProxy: 'socks5h://proxy:1080',
    caFile: '/ca.pem',
    allowPrivate: false,
  });
});

test.each([
  ['https://api.example.com/', {}, false],
  ['https://api.example.com/', { allowPrivate: true }, true],
  ['https://localhost:8443/', {}, true],
  ['https://10.0.0.1/', {}, true],
  ['https://[::1]/', {}, true],
  ['https://localhost.evil.example/', {}, false],
])('sendOptionsOf() for %s with %j dials private addresses: %j', (url, config, allowPrivate) => {
  expect(sendOptionsOf(makeProvider(config), target(url), env).allowPrivate).toBe(allowPrivate);
});
