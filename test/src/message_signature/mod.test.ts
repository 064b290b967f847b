import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as door from '../../../src/message_signature/mod.ts';
import { findExamples, runExample } from '../../_lib/run_examples.ts';

const names = await readdir(new URL('../../../src/message_signature', import.meta.url));
const examples = await findExamples(names.map((name) => `src/message_signature/${name}`));
const key = await door.generateKey('Ed25519');
const ofPlatform = globalThis.fetch;

beforeAll(() => {
  globalThis.fetch = (input) => door.directoryResponse(new Request(input as string), [key]);
});
afterAll(() => {
  globalThis.fetch = ofPlatform;
});

test('the door opens to what signers and verifiers need, and to nothing else', () => {
  expect(Object.keys(door).sort()).toEqual([
    'DIRECTORY_PATH',
    'contentDigest',
    'directoryResponse',
    'exportKey',
    'formatDirectory',
    'generateKey',
    'importKey',
    'jwkThumbprint',
    'matchesContentDigest',
    'readDirectory',
    'signMessage',
    'signWebBotAuth',
    'verifyMessage',
    'verifyWebBotAuth',
  ]);
});

test('there are examples', () => expect(examples.length).toBeGreaterThan(9));

test.each(examples.map((example) => [example.place, example] as const))(
  'the example at %s runs',
  async (_, example) => {
    await runExample(
      example,
      { '@sigcli/cli/message-signature': 'src/message_signature/mod.ts' },
      `
    import * as door from '@sigcli/cli/message-signature';
    import { serializeDictionary } from './src/message_signature/serialize_structured_field.ts';
    const { ${Object.keys(door).join(', ')} } = door;
    const key = await generateKey('Ed25519');
    const request = new Request('https://shop.example/catalogue');
    const keysByThumbprint = new Map([[key.thumbprint, key.publicJwk]]);
    const directories = new Map([['https://bot.example', keysByThumbprint]]);
  `,
    );
  },
);
