import { expect, test, vi } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { SigError } from '../../../src/errors.ts';
import { authorizeBody, createAuthorizer, needsBody } from '../../../src/sig/authorize.ts';
import {
  fixedClock,
  headOf,
  makeCredential,
  makeProvider,
  memoryAudit,
  memoryCredentials,
} from '../../_lib/fixture.ts';

const provider = makeProvider();
async function setUp(renew = vi.fn(() => Promise.resolve(makeCredential(provider, { token: 'token-2' })))) {
  const credentials = await memoryCredentials(makeCredential(provider));
  return { renew, authorizer: createAuthorizer({ credentials, clock: fixedClock(), renew, audit: memoryAudit() }) };
}
const authorization = (head: { headers: readonly (readonly [string, string])[] }) =>
  head.headers.find(([name]) => name === 'Authorization')?.[1];

test('authorize() places the credential and says what the audit log says: names, no values', async () => {
  const { authorizer } = await setUp();
  const { head, facts, send } = await authorizer.authorize(headOf('https://api.example.com/p'), [provider]);
  expect(authorization(head)).toBe('Bearer token-1');
  expect(facts).toMatchObject({ provider: 'api', host: 'api.example.com', placed: ['header Authorization'] });
  expect(JSON.stringify(facts)).not.toContain('token-1');
  expect(send.allowPrivate).toBe(false);
});

test('reauthorize() takes newer credentials, and has nothing when a person must log in', async () => {
  const { authorizer } = await setUp();
  const head = headOf('https://api.example.com/p');
  const refused = await authorizer.authorize(head, [provider]);
  expect(authorization((await authorizer.reauthorize(head, refused))!.head)).toBe('Bearer token-2');
  const other = await setUp(vi.fn(() => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'no'))));
  expect(await other.authorizer.reauthorize(head, refused)).toBeUndefined();
  const broken = await setUp(vi.fn(() => Promise.reject(new SigError('E_UPSTREAM', 'down'))));
  await expect(broken.authorizer.reauthorize(head, refused)).rejects.toMatchObject({ code: 'E_UPSTREAM' });
});

test('authorizeBody() puts a field into the body and corrects its length', async () => {
  const inBody = makeProvider({ apply: [{ in: 'body', name: 'key', value: '${token}' }] });
  expect([needsBody([provider]), needsBody([provider, inBody])]).toEqual([false, true]);
  const credentials = await memoryCredentials(makeCredential(inBody));
  const authorizer = createAuthorizer({
    credentials,
    clock: fixedClock(),
    renew: () => Promise.reject(new Error('no')),
    audit: memoryAudit(),
  });
  const head = headOf('https://api.example.com/', 'POST', [['Content-Type', 'application/json'], [
    'content-length',
    '2',
  ]]);
  const { head: sent, body } = authorizeBody(await authorizer.authorize(head, [inBody]), encodeUtf8('{}'));
  expect(new TextDecoder().decode(body)).toBe('{"key":"token-1"}');
  expect(sent.headers.filter(([name]) => /content-length/i.test(name))).toEqual([['Content-Length', '17']]);
});
