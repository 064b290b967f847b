import { scryptSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createPassphraseKeySource } from '../../../cli/platform/key_passphrase.ts';
import { Secret } from '../../../src/secret.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const scrypt = { n: 1024, r: 8, p: 2 };
const request = { vault: 'A'.repeat(22), salt: new Uint8Array(16).fill(1), scrypt };

/** A person who gives these answers, and notes the questions. */
function person(...answers: string[]) {
  const questions: string[] = [];
  const nobody = () => Promise.reject(new Error('not expected'));
  const secret = (question: string) => {
    questions.push(question);
    return Promise.resolve(new Secret(answers.shift()!));
  };
  return { questions, prompt: { line: nobody, confirm: nobody, secret } };
}

test('create() asks twice, open() once, and both give the scrypt of the passphrase', async () => {
  const { questions, prompt } = person('correct horse', 'correct horse', 'correct horse');
  const source = createPassphraseKeySource({ prompt, env: {} });
  const expected = new Uint8Array(scryptSync('correct horse', request.salt, 32, { N: 1024, r: 8, p: 2 }));
  expect(await source.create(request)).toEqual(expected);
  expect(await source.open(request)).toEqual(expected);
  expect(questions).toEqual(['Passphrase for the new vault: ', 'The same again: ', 'Passphrase of the vault: ']);
});

test('S2: the default cost works', async () => {
  const { prompt } = person('correct horse');
  const key = await createPassphraseKeySource({ prompt, env: {} }).open({
    ...request,
    scrypt: { n: 131_072, r: 8, p: 1 },
  });
  expect(key.length).toBe(32);
});

test('S2: a cost out of bounds is refused at once', async () => {
  const { prompt } = person('correct horse');
  const source = createPassphraseKeySource({ prompt, env: {} });
  await expect(source.open({ ...request, scrypt: { n: 2 ** 40, r: 8, p: 1 } })).rejects.toThrow(RangeError);
  await expect(source.open({ ...request, scrypt: undefined })).rejects.toMatchObject({ code: 'E_CORRUPT' });
});

test.each([
  [['', ''], 'A passphrase has at least 8 characters'],
  [['1234567', '1234567'], 'A passphrase has at least 8 characters'],
  [['correct horse', 'correct hose'], 'The two passphrases differ'],
])('create() refuses %j', async (answers, message) => {
  const { prompt } = person(...answers);
  await expect(createPassphraseKeySource({ prompt, env: {} }).create(request)).rejects.toMatchObject({
    code: 'E_PASSPHRASE',
    message,
  });
});

test('SIG_PASSPHRASE_FILE is read instead of asking, without its last line end', async () => {
  const path = `${makeTempFolder()}/passphrase`;
  const { questions, prompt } = person();
  const source = createPassphraseKeySource({ prompt, env: { SIG_PASSPHRASE_FILE: path } });
  await expect(source.open(request)).rejects.toMatchObject({
    code: 'E_KEY_SOURCE',
    hint: 'correct or unset SIG_PASSPHRASE_FILE',
  });
  const expected = new Uint8Array(scryptSync(' correct  horse ', request.salt, 32, { N: 1024, r: 8, p: 2 }));
  for (const end of ['', '\n', '\r\n']) {
    writeFileSync(path, ` correct  horse ${end}`, { mode: 0o600 });
    expect(await source.open(request)).toEqual(expected);
    expect(await source.create(request)).toEqual(expected);
  }
  expect(questions).toEqual([]);
  writeFileSync(path, 'short\n');
  await expect(source.create(request)).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
  writeFileSync(path, new Uint8Array([0xff, 0xfe]));
  await expect(source.open(request)).rejects.toMatchObject({ code: 'E_KEY_SOURCE' });
  chmodSync(path, 0o644);
  await expect(source.open(request)).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
});

test('discard() has nothing to remove', async () => {
  await createPassphraseKeySource({ prompt: person().prompt, env: {} }).discard(request);
});
