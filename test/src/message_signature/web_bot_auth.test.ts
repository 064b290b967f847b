import { expect, test } from 'vitest';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { isSigError } from '../../../src/errors.ts';
import { signWebBotAuth, type WebBotAuthOptions } from '../../../src/message_signature/web_bot_auth.ts';

const nowSec = 1_800_000_000;
const key = await generateKey('Ed25519');
const request = { method: 'GET', url: 'https://shop.example/a?b', headers: [] };
const options: WebBotAuthOptions = {
  key,
  agent: 'https://bot.example',
  now: () => nowSec * 1000,
  nonce: 'n',
};

test('signWebBotAuth() names agent, key and application', async () => {
  const fields = await signWebBotAuth(request, options);
  expect(fields).toEqual([
    ['Signature-Agent', 'sig1="https://bot.example"'],
    [
      'Signature-Input',
      `sig1=("@authority" "@method" "@path" "@query" "signature-agent";key="sig1");created=${nowSec};keyid="${key.thumbprint}";alg="ed25519";expires=${
        nowSec + 60
      };nonce="n";tag="web-bot-auth"`,
    ],
    ['Signature', expect.stringMatching(/^sig1=:.{88}:$/)],
  ]);
});

test('signWebBotAuth() writes the legacy string, covered as a whole', async () => {
  const [agent, input] = await signWebBotAuth(request, { ...options, profile: 'legacy-string' });
  expect(agent).toEqual(['Signature-Agent', '"https://bot.example"']);
  expect(input![1]).toContain('"signature-agent");');
});

test('signWebBotAuth() covers the digest of a body, and what it is told to', async () => {
  const post = { ...request, method: 'POST', headers: [['Content-Digest', 'sha-256=:AAAA:'], ['X-A', 'v']] as const };
  expect((await signWebBotAuth(post, options))[1]![1]).toContain(
    '("@authority" "@method" "@path" "@query" "content-digest" ',
  );
  const own = await signWebBotAuth(post, { ...options, components: ['@target-uri', 'x-a'], label: 'me' });
  expect(own[1]![1]).toContain('me=("@target-uri" "x-a" "signature-agent";key="me");');
});

test('signWebBotAuth() makes a nonce of 64 bytes, another each time', async () => {
  const nonces = await Promise.all(
    [1, 2].map(async () =>
      /nonce="([^"]*)"/.exec((await signWebBotAuth(request, { ...options, nonce: undefined }))[1]![1])![1]!
    ),
  );
  for (const nonce of nonces) expect(atob(nonce).length).toBe(64);
  expect(nonces[0]).not.toBe(nonces[1]);
});

test('signWebBotAuth() with a P-256 key names that algorithm', async () => {
  const [, input] = await signWebBotAuth(request, { ...options, key: await generateKey('ES256') });
  expect(input![1]).toContain('alg="ecdsa-p256-sha256"');
});

test.each([
  'http://bot.example',
  'https://bot.example/path',
  'https://bot.example/?q',
  'https://u@bot.example',
  'bot.example',
  '',
  'data:,x',
])(
  'signWebBotAuth() refuses the agent %j',
  async (agent) => {
    await expect(signWebBotAuth(request, { ...options, agent })).rejects.toThrow(TypeError);
  },
);

test.each([0, -1, 86_401, NaN])('signWebBotAuth() refuses a life of %d seconds', async (lifetimeSec) => {
  await expect(signWebBotAuth(request, { ...options, lifetimeSec })).rejects.toThrow(RangeError);
});

test('signWebBotAuth() refuses components that do not say where the request goes', async () => {
  await expect(signWebBotAuth(request, { ...options, components: ['@method'] })).rejects.toThrow(TypeError);
});

test('signWebBotAuth() stands beside another agent where that can be', async () => {
  const chained = {
    ...request,
    headers: [['Signature-Agent', 'cdn="https://cdn.example"'], ['Signature-Input', 'cdn=()'], [
      'Signature',
      'cdn=:AAAA:',
    ]] as const,
  };
  expect((await signWebBotAuth(chained, options)).length).toBe(3);
  await expect(signWebBotAuth(chained, { ...options, profile: 'legacy-string' })).rejects.toThrow(TypeError);
  await expect(signWebBotAuth(chained, { ...options, label: 'cdn' })).rejects.toSatisfy((error) =>
    isSigError(error, 'E_SIGNATURE')
  );
});
