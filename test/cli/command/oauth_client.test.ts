import { expect, test } from 'vitest';
import type { Context, ParsedOptions } from '../../../cli/command/command.ts';
import { readClient } from '../../../cli/command/oauth_client.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { Secret } from '../../../src/secret.ts';
import { makeOAuthProvider } from '../../_lib/fixture.ts';

async function read(values: Record<string, string>, more: { file?: string; asked?: string; secret?: string } = {}) {
  const options: ParsedOptions = {
    value: (name) => values[name],
    values: (name) => (values[name] === undefined ? [] : [values[name]]),
    has: (name) => values[name] !== undefined,
  };
  const notes: string[] = [];
  const context = {
    io: { quiet: false, stderr: { write: (text: string) => Promise.resolve(void notes.push(text)) } },
    env: (name: string) => (name === 'SET' ? 'from-env' : undefined),
    files: { read: () => [encodeUtf8(more.file ?? '')] },
    prompt: { secret: () => Promise.resolve(new Secret(more.asked ?? '')) },
  } as unknown as Context;
  const oauth2 = {
    tokenUrl: 'https://as.example.com/token',
    ...(more.secret === undefined ? {} : { clientSecret: more.secret }),
  };
  const client = await readClient(makeOAuthProvider({ oauth2 }), options, context);
  return { clientId: client.clientId, secret: client.clientSecret?.reveal(), tokenUrl: client.tokenUrl, notes };
}

test.each<[string, Record<string, string>, object, string | undefined]>([
  ['a file', { 'client-secret-file': 'f' }, { file: 'from-file\n' }, 'from-file'],
  ['stdin', { 'client-secret-stdin': '' }, { file: 'from-stdin\r\n' }, 'from-stdin'],
  ['a variable', { 'client-secret-env': 'SET' }, {}, 'from-env'],
  ['a hidden prompt', { 'client-id': 'c' }, { asked: 'typed' }, 'typed'],
  ['config.yaml, later', { 'client-id': 'c' }, { secret: '${S}' }, undefined],
  ['nothing', {}, {}, undefined],
])('readClient() takes the secret from %s', async (_, values, more, expected) => {
  expect((await read(values, more)).secret).toBe(expected);
});

test('readClient() takes a secret from the command line with a warning', async () => {
  const { secret, notes } = await read({ 'client-secret': 'seen' });
  expect(secret).toBe('seen');
  expect(notes.join()).toMatch(/warning: other users/);
});

test.each<[Record<string, string>, string]>([
  [{ 'client-secret': 'a', 'client-secret-env': 'SET' }, 'E_USAGE'],
  [{ 'client-secret': '' }, 'E_USAGE'],
  [{ 'client-secret': 'a\nb' }, 'E_USAGE'],
  [{ 'client-secret-env': 'UNSET' }, 'E_ENV_UNSET'],
  [{ 'client-secret-file': 'f' }, 'E_USAGE'],
  [{ 'token-url': 'nonsense' }, 'E_TARGET'],
])('readClient() refuses %j', async (values, code) => {
  await expect(read(values)).rejects.toMatchObject({ code });
});
