import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as door from '../../../src/dpop/mod.ts';
import { findExamples, runExample } from '../../_lib/run_examples.ts';

const names = (await readdir(new URL('../../../src/dpop', import.meta.url))).map((name) => `src/dpop/${name}`);
const examples = await findExamples([...names, 'src/encoding/jwk_thumbprint.ts', 'src/encoding/signing_key.ts']);
const ofPlatform = globalThis.fetch;

beforeAll(() => {
  globalThis.fetch = () => Promise.resolve(Response.json({ access_token: 'x', token_type: 'DPoP' }));
});
afterAll(() => {
  globalThis.fetch = ofPlatform;
});

test('the door opens to what clients and servers need, and to nothing else', () => {
  expect(Object.keys(door).sort()).toEqual([
    'Secret',
    'accessTokenHash',
    'chooseAlgorithm',
    'createNonceStore',
    'createProof',
    'createReplayStore',
    'dpopFetch',
    'exportKey',
    'generateKey',
    'importKey',
    'jwkThumbprint',
    'parseChallenges',
    'requireDpopToken',
    'signRequest',
    'verifyProof',
  ]);
});

test('there are examples', () => expect(examples.length).toBeGreaterThan(15));

test.each(examples.map((example) => [example.place, example] as const))(
  'the example at %s runs',
  async (_, example) => {
    await runExample(
      example,
      { '@sigcli/cli/dpop': 'src/dpop/mod.ts' },
      `
    import * as door from '@sigcli/cli/dpop';
    import { htuOf } from './src/dpop/htu.ts';
    const { ${Object.keys(door).join(', ')} } = door;
    const key = await generateKey('ES256');
    const accessToken = 'xyz';
    const request = new Request('https://api.example.com/me');
  `,
    );
  },
);
