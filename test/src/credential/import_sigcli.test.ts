import { Buffer } from 'node:buffer';
import { createCipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { importSigcliCredentials, readSigcliCredential } from '../../../src/credential/import_sigcli.ts';

const key = randomBytes(32);
const keyFile = `${key.toString('base64')}\n`;
const SECRET = 'canary-5f1c9b7e2a7d4c55';
const record = {
  version: 2,
  providerId: 'jira-example',
  strategy: 'browser',
  updatedAt: '2026-01-02T03:04:05.678Z',
  expiresAt: '2026-02-02T03:04:05Z',
  values: { session: `a=${SECRET}; b=2`, 'xoxc-token': 'xoxc-1' },
};

/** As sigcli does it, with another library than ours. */
function seal(inner: unknown, change: Record<string, unknown> = {}): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const text = typeof inner === 'string' ? inner : JSON.stringify(inner, null, 2);
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return JSON.stringify(
    {
      version: 1,
      encrypted: true,
      algorithm: 'aes-256-gcm',
      iv: iv.toString('base64'),
      authTag: cipher.getAuthTag().toString('base64'),
      ciphertext: ciphertext.toString('base64'),
      ...change,
    },
    null,
    2,
  );
}

const read = (content: string, name = 'jira-example.json', keyText: string | undefined = keyFile) =>
  readSigcliCredential({ name, content }, keyText);

test('readSigcliCredential() reads what sigcli sealed', async () => {
  const credential = await read(seal(record));
  expect(credential).toMatchObject({
    id: 'jira-example',
    strategy: 'browser',
    updatedAtSec: 1_767_323_045,
    expiresAtSec: 1_770_001_445,
  });
  expect(credential).not.toHaveProperty('oauth2');
  expect(credential.values.session!.reveal()).toBe(`a=${SECRET}; b=2`);
  expect(credential.values['xoxc-token']!.reveal()).toBe('xoxc-1');
  expect(inspect(credential, { depth: null }) + JSON.stringify(credential)).not.toContain(SECRET);
});

test('readSigcliCredential() reads a plaintext record, without a key', async () => {
  const credential = await readSigcliCredential(
    { name: 'jira-example.json', content: JSON.stringify({ ...record, values: {} }) },
    undefined,
  );
  expect(credential).toMatchObject({ id: 'jira-example', values: {} });
});

test('readSigcliCredential() keeps the OAuth client', async () => {
  const credential = await read(
    seal({ ...record, strategy: 'oauth2', oauth2: { clientId: 'id', clientSecret: SECRET } }),
  );
  expect(credential.oauth2!.clientId).toBe('id');
  expect(credential.oauth2!.clientSecret.reveal()).toBe(SECRET);
});

test('readSigcliCredential() gives an id that can be used here', async () => {
  const named = { ...record, providerId: 'My/Jira' };
  expect((await read(seal(named), 'My_Jira.json')).id).toBe('my-jira');
});

test.each([
  [
    'a key of another folder',
    () => read(seal(record), undefined, `${randomBytes(32).toString('base64')}\n`),
    'does not open it',
  ],
  ['no key', () => readSigcliCredential({ name: 'jira-example.json', content: seal(record) }, undefined), 'is missing'],
  ['a short key', () => read(seal(record), undefined, randomBytes(16).toString('base64')), 'not 32 bytes in base64'],
  ['a key that is no base64', () => read(seal(record), undefined, 'x'.repeat(44)), 'not 32 bytes in base64'],
  [
    'a short tag',
    () => read(seal(record, { authTag: randomBytes(4).toString('base64') })),
    '"authTag" is not 16 bytes',
  ],
  ['another tag', () => read(seal(record, { authTag: randomBytes(16).toString('base64') })), 'does not open it'],
  ['a long IV', () => read(seal(record, { iv: randomBytes(16).toString('base64') })), '"iv" is not 12 bytes'],
  ['ciphertext that is no base64', () => read(seal(record, { ciphertext: '%%' })), '"ciphertext" is not base64'],
  ['another algorithm', () => read(seal(record, { algorithm: 'none' })), 'its encryption is not'],
  ['another version', () => read(seal(record, { version: 3 })), 'its encryption is not'],
  ['encrypted: false', () => read(seal(record, { encrypted: false })), 'its encryption is not'],
  ['a further member', () => read(seal(record, { kdf: 'x' })), 'member "kdf"'],
  ['an envelope in an envelope', () => read(seal(seal(record))), 'member "encrypted"'],
  ['no JSON inside', () => read(seal(SECRET)), 'not a JSON object'],
  ['bytes that are no UTF-8', () => read(seal(record, { ciphertext: '' })), 'does not open it'],
  ['no JSON', () => read(SECRET), 'not a JSON object'],
  ['an array', () => read('[]'), 'not a JSON object'],
  ['null', () => read('null'), 'not a JSON object'],
  ['nothing', () => read(''), 'not a JSON object'],
  ['too much', () => read(' '.repeat(1024 * 1024 + 1)), 'larger than 1 MiB'],
  ['deep nesting', () => read('['.repeat(100_000)), 'not a JSON object'],
  ['another file name', () => read(seal(record), 'other.json'), 'the credential of another provider'],
  ['version 1', () => read(seal({ ...record, version: 1 })), 'not of version 2'],
  ['no id', () => read(seal({ ...record, providerId: undefined })), '"providerId" is not text'],
  [
    'an id that cannot be used',
    () => read(seal({ ...record, providerId: '...' }), '....json'),
    'cannot be a provider id here',
  ],
  ['an old strategy', () => read(seal({ ...record, strategy: 'cookie' })), 'not browser, oauth2 or prompt'],
  ['no values', () => read(seal({ ...record, values: undefined })), '"values" is not an object'],
  ['values in a list', () => read(seal({ ...record, values: ['x'] })), '"values" is not an object'],
  ['a value that is no text', () => read(seal({ ...record, values: { a: 1 } })), 'value "a" is not text'],
  ['a bad key', () => read(seal({ ...record, values: { 'a b': 'x' } })), 'the name of a value is not a key'],
  [
    'too many values',
    () => read(seal({ ...record, values: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`k${i}`, 'v'])) })),
    'more than 256 values',
  ],
  ['a bad time', () => read(seal({ ...record, updatedAt: 'yesterday' })), '"updatedAt" is not a time'],
  ['a number for a time', () => read(seal({ ...record, expiresAt: 1e12 })), '"expiresAt" is not a time'],
  [
    'an impossible time',
    () => read(seal({ ...record, expiresAt: '2026-13-45T99:99:99Z' })),
    '"expiresAt" is not a time',
  ],
  ['half an OAuth client', () => read(seal({ ...record, oauth2: { clientId: 'x' } })), '"oauth2" needs'],
  ['a list for an OAuth client', () => read(seal({ ...record, oauth2: [] })), '"oauth2" is not an object'],
])('readSigcliCredential() refuses %s with E_IMPORT and without a secret', async (_, reading, message) => {
  const error = await reading().then(() => expect.fail('it was read'), (caught) => caught);
  expect(error).toMatchObject({ code: 'E_IMPORT', message: expect.stringContaining(message) });
  expect(`${error.message} ${error.hint}`).not.toContain(SECRET);
});

test('readSigcliCredential() refuses every flipped bit of a sealed record', async () => {
  const envelope = JSON.parse(seal(record)) as Record<string, string>;
  for (const member of ['iv', 'authTag', 'ciphertext']) {
    const bytes = Buffer.from(envelope[member]!, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      const content = JSON.stringify({ ...envelope, [member]: changed.toString('base64') });
      await expect(read(content), `${member} ${at}`).rejects.toMatchObject({ code: 'E_IMPORT' });
    }
  }
});

test('readSigcliCredential() takes __proto__ for a name like any other', async () => {
  const content = JSON.stringify(record).replace('"xoxc-token"', '"__proto__"');
  const { values } = await read(content);
  expect(Object.keys(values)).toEqual(['session', '__proto__']);
  expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
});

test('importSigcliCredentials() reads the good files and names the bad ones', async () => {
  const { credentials, failures } = await importSigcliCredentials([
    { name: 'jira-example.json', content: seal(record) },
    { name: 'bad.json', content: SECRET },
    { name: 'github.json', content: JSON.stringify({ ...record, providerId: 'github', strategy: 'prompt' }) },
    { name: 'GitHub.json', content: JSON.stringify({ ...record, providerId: 'GitHub', strategy: 'prompt' }) },
  ], keyFile);
  expect(credentials.map(({ id }) => id)).toEqual(['jira-example', 'github']);
  expect(failures.map(({ name, error }) => [name, error.code, error.message])).toEqual([
    ['bad.json', 'E_IMPORT', 'Cannot import "bad.json": it is not a JSON object'],
    ['GitHub.json', 'E_IMPORT', 'Cannot import "GitHub.json": provider "github" is that of "github.json" too'],
  ]);
});

test('importSigcliCredentials() of nothing is nothing', async () => {
  expect(await importSigcliCredentials([], undefined)).toEqual({ credentials: [], failures: [] });
});
