import { expect, test } from 'vitest';
import {
  buildDeviceAuthorization,
  buildDevicePoll,
  DEVICE_ANSWERS,
  processDeviceAuthorization,
} from '../../../src/oauth/device_code.ts';
import { Secret } from '../../../src/secret.ts';
import { answer } from '../../_lib/fixture.ts';

const good = {
  device_code: 'device-1',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://as.example/device',
  verification_uri_complete: 'https://as.example/device?user_code=WDJB-MJHT',
  expires_in: 1800,
  interval: 7,
};
const read = (body: unknown, status = 200) => processDeviceAuthorization(answer(status, body), 'api');
const fieldsOf = ({ body }: { body: readonly [Uint8Array] }) =>
  Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body[0])));

test('buildDeviceAuthorization() names client and scopes (RFC 8628 §3.1)', () => {
  const request = { endpoint: 'https://as.example/device', client: { clientId: 'c' } };
  expect(fieldsOf(buildDeviceAuthorization({ ...request, scopes: ['a', 'b'], audience: 'api' }))).toEqual({
    client_id: 'c',
    scope: 'a b',
    audience: 'api',
  });
});

test('processDeviceAuthorization() reads what a person and a poll need', async () => {
  const { deviceCode, ...shown } = await read(good);
  expect(deviceCode.reveal()).toBe('device-1');
  expect(shown).toEqual({
    userCode: 'WDJB-MJHT',
    verificationUrl: 'https://as.example/device',
    completeUrl: 'https://as.example/device?user_code=WDJB-MJHT',
    expiresInSec: 1800,
    intervalSec: 7,
  });
});

test('processDeviceAuthorization() has the defaults of the RFC, and takes the older name of the page', async () => {
  const { device_code, user_code } = good;
  expect(
    await read({ device_code, user_code, verification_url: 'https://as.example/d', interval: -1, expires_in: 'x' }),
  )
    .toMatchObject({ verificationUrl: 'https://as.example/d', intervalSec: 5, expiresInSec: 300 });
});

test.each<[string, unknown]>([
  ['no JSON', 'hello'],
  ['no device code', { ...good, device_code: undefined }],
  ['a device code with a blank', { ...good, device_code: 'a b' }],
  ['no user code', { ...good, user_code: undefined }],
  ['a user code that moves the cursor', { ...good, user_code: '\x1b[2J' }],
  ['a long user code', { ...good, user_code: 'A'.repeat(65) }],
  ['no page', { ...good, verification_uri: undefined }],
])('processDeviceAuthorization() refuses %s', async (_, body) => {
  await expect(read(body)).rejects.toThrow(expect.objectContaining({ name: 'SigError', provider: 'api' }));
});

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  '--flag',
  'http://as.example/device',
  'https://a$(id)/',
  'https://as.example/ "x"',
  `https://as.example/${'x'.repeat(2048)}`,
  5,
])('B18: processDeviceAuthorization() shows nobody the page %j', async (page) => {
  for (const name of ['verification_uri', 'verification_uri_complete']) {
    await expect(read({ ...good, [name]: page })).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  }
});

test.each<[number, string]>([[400, 'E_LOGIN_FAILED'], [401, 'E_LOGIN_FAILED'], [302, 'E_TOKEN_RESPONSE'], [
  503,
  'E_UPSTREAM',
]])(
  'processDeviceAuthorization() of status %i fails',
  async (status, code) => await expect(read(good, status)).rejects.toMatchObject({ code }),
);

test('buildDevicePoll() sends the device code in the body (RFC 8628 §3.4)', () => {
  const poll = { tokenUrl: 'https://as.example/t', client: { clientId: 'c' }, deviceCode: new Secret('device-1') };
  expect(fieldsOf(buildDevicePoll(poll))).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: 'device-1',
    client_id: 'c',
  });
});

test('DEVICE_ANSWERS are those of RFC 8628 §3.5', () => {
  expect([...DEVICE_ANSWERS].sort()).toEqual(['access_denied', 'authorization_pending', 'expired_token', 'slow_down']);
});
