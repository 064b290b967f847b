import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { SigError } from '../../../src/errors.ts';
import { authorizeBody, BODY_RULE_LIMIT, createAuthorizer, needsBody } from '../../../src/sig/authorize.ts';
import { fixedClock, headOf, makeCredential, makeProvider, memoryCredentials } from '../../_lib/fixture.ts';

const provider = makeProvider({ apply: [{ in: 'body', name: 'key', value: '${token}' }] });
const head = headOf('https://api.example.com/', 'POST', [['Content-Type', 'application/json'], [
  'Transfer-Encoding',
  'chunked',
]]);

async function setUp(renew = () => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'x'))) {
  const credentials = await memoryCredentials(makeCredential(provider));
  return createAuthorizer({ credentials, clock: fixedClock(), renew });
}

test('authorizeBody() puts the field into the body and says how long it is', async () => {
  const authorization = await (await setUp()).authorize(head, [provider]);
  const placed = authorizeBody(authorization, encodeUtf8('{}'));
  expect(decodeUtf8(placed.body)).toBe('{"key":"token-1"}');
  expect(placed.head.headers.slice(-1)).toEqual([['Content-Length', '17']]);
  expect(authorization.facts).toMatchObject({ provider: 'api', placed: ['body key'] });
});

test('reauthorize() is nothing when a person must log in, and throws what else goes wrong', async () => {
  const authorizer = await setUp();
  const refused = await authorizer.authorize(head, [provider]);
  expect(await authorizer.reauthorize(head, refused)).toBeUndefined();
  const broken = await setUp(() => Promise.reject(new SigError('E_TIMEOUT', 'x')));
  await expect(broken.reauthorize(head, refused)).rejects.toMatchObject({ code: 'E_TIMEOUT' });
});

test('needsBody() is about body rules only', () => {
  expect(needsBody([provider])).toBe(true);
  expect(needsBody([makeProvider()])).toBe(false);
  expect(BODY_RULE_LIMIT).toBe(8 * 1024 * 1024);
});
