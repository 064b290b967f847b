import { describe, expect, test, vi } from 'vitest';
import type { Credential } from '../../../src/credential/credential.ts';
import { createReplayStore } from '../../../src/dpop/replay_store.ts';
import { verifyProof } from '../../../src/dpop/verify_proof.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { exportKey, generateKey, importKey, type KeyKind } from '../../../src/encoding/signing_key.ts';
import { verifyWebBotAuth } from '../../../src/message_signature/verify_web_bot_auth.ts';
import type { Body, WireResponse } from '../../../src/ports.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import type { Provider } from '../../../src/provider/provider.ts';
import { Secret } from '../../../src/secret.ts';
import { createSig } from '../../../src/sig/create_sig.ts';
import { createSigner } from '../../../src/sig/sign.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { originOf } from '../../../src/target/target.ts';
import {
  answer,
  fixedClock,
  headOf,
  makeCredential,
  makeOAuthProvider,
  makeProvider,
  memoryAudit,
  memoryCredentials,
  NOW_MS,
  scriptedSend,
  type Seen,
} from '../../_lib/fixture.ts';

const oauth2 = { tokenUrl: 'https://as.example.com/token', clientId: 'client', clientSecret: 'client-secret' };
const bound = makeOAuthProvider({ oauth2: { ...oauth2, dpop: true } });
const sign = { profile: 'web-bot-auth', agent: 'https://bot.example' } as const;
const URL = 'https://api.example.com/me?x=1';
const challenge = (error: string, headers: HeaderPairs = [], status = 401) =>
  answer(status, '', [['WWW-Authenticate', `DPoP error="${error}"`], ...headers]);
const useNonce = (nonce: string) => challenge('use_dpop_nonce', [['DPoP-Nonce', nonce]]);

async function jwkOf(kind: KeyKind): Promise<Secret<JsonWebKey>> {
  const jwk = await exportKey(await generateKey(kind, { extractable: true }));
  return new Secret({ ...jwk, alg: kind === 'ES256' ? 'ES256' : 'EdDSA' });
}
const dpop = await jwkOf('ES256');
const { thumbprint: jkt, publicJwk } = await importKey(dpop.reveal());
const webBotAuth = await jwkOf('Ed25519');
const bot = await importKey(webBotAuth.reveal());
const loginOf = (provider: Provider, token = 'token-1', more: Partial<Credential> = {}) =>
  makeCredential(provider, { access_token: token, token }, { keys: { dpop }, ...more });

async function setUp(
  respond: (seen: Seen, count: number) => WireResponse,
  providers: Provider[] = [bound],
  logins: Credential[] = providers.map((provider) => loginOf(provider)),
) {
  const renew = vi.fn((provider: Provider) => Promise.resolve(loginOf(provider, 'token-2')));
  const credentials = await memoryCredentials(...logins);
  const send = scriptedSend(respond);
  const audit = memoryAudit();
  const clock = fixedClock();
  const sig = createSig({ providers: createProviderSet(providers), credentials, send, renew, audit, clock });
  return { sig, send, renew, audit, credentials };
}

const replays = createReplayStore();
/** Verifies a request as a resource server does. */
async function faultOf(seen: Seen, isCurrentNonce?: (nonce: string) => boolean): Promise<string | undefined> {
  const [scheme, token] = (seen.header('authorization') ?? '').split(' ');
  if (scheme !== 'DPoP') return `scheme ${scheme}`;
  const { method, target, path } = seen.head;
  const verdict = await verifyProof(seen.header('dpop') ?? null, {
    method,
    url: originOf(target) + path,
    replays,
    token: { accessToken: token!, jkt },
    now: () => NOW_MS,
    ...(isCurrentNonce && { isCurrentNonce }),
  });
  return verdict.ok ? undefined : verdict.fault;
}

describe('dpop', () => {
  test('D4: each request of createSig() carries the token with its scheme and a proof of its own', async () => {
    const { sig, send, audit } = await setUp(() => answer(200));
    for (const method of ['GET', 'DELETE', 'patch']) await sig.request(headOf(URL, method), null);
    await sig.fetch(new Request(URL, { method: 'POST', body: 'x', headers: { DPoP: 'own', Authorization: 'own' } }));
    for (const seen of send.seen) {
      expect(await faultOf(seen)).toBeUndefined();
      expect(seen.head.headers.filter(([name]) => /^(?:dpop|authorization)$/i.test(name))).toHaveLength(2);
    }
    expect(audit.events[0]).toMatchObject({ placed: ['header Authorization', 'header DPoP'] });
  });

  test('D6: a server that asks for nonces for ever gets two requests', async () => {
    const { sig, send } = await setUp((_, count) => useNonce(`n${count}`));
    await expect(sig.request(headOf(URL), null)).rejects.toMatchObject({ code: 'E_DPOP_NONCE' });
    expect(send.seen).toHaveLength(2);
  });

  test('D6: a nonce is given once it is asked for, then with every request, and newer ones of any answer win', async () => {
    const { sig, send } = await setUp((_, count) => {
      if (count === 1) return useNonce('n1');
      return answer(200, '', count === 2 ? [['DPoP-Nonce', 'n2']] : []);
    });
    expect((await sig.request(headOf(URL, 'POST'), [encodeUtf8('x')])).response.status).toBe(200);
    await sig.request(headOf(URL), null);
    expect(send.seen.map((seen) => seen.body)).toEqual(['x', 'x', '']);
    expect(await faultOf(send.seen[1]!, (nonce) => nonce === 'n1')).toBeUndefined();
    expect(await faultOf(send.seen[2]!, (nonce) => nonce === 'n2')).toBeUndefined();
  });

  test('D7: a stream is sent once; the nonce is there for whoever sends it again', async () => {
    const { sig, send } = await setUp((_, count) => count === 1 ? useNonce('n1') : answer(200));
    async function* body(): AsyncGenerator<Uint8Array> {
      yield encodeUtf8('x');
    }
    await expect(sig.request(headOf(URL, 'POST'), body() as Body)).rejects.toMatchObject({ code: 'E_DPOP_NONCE' });
    expect(send.seen).toHaveLength(1);
    await sig.request(headOf(URL, 'POST'), body());
    expect(await faultOf(send.seen[1]!, (nonce) => nonce === 'n1')).toBeUndefined();
  });

  test('D12: after invalid_token there is one renewal, and one replay with a fresh proof of the new token', async () => {
    const { sig, send, renew } = await setUp((_, count) => count === 1 ? challenge('invalid_token') : answer(200));
    expect((await sig.request(headOf(URL), null)).response.status).toBe(200);
    expect(renew).toHaveBeenCalledTimes(1);
    expect(send.seen.map((seen) => seen.header('authorization'))).toEqual(['DPoP token-1', 'DPoP token-2']);
    for (const seen of send.seen) expect(await faultOf(seen)).toBeUndefined();
  });

  test('D12: while the token rotates under a hundred requests, each proof is of the token beside it', async () => {
    const { sig, send, credentials } = await setUp(() => answer(200));
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      if (i % 10 === 0) await credentials.seal(loginOf(bound, `token-${i}`));
      await sig.request(headOf(URL), null);
    }));
    expect(new Set(send.seen.map((seen) => seen.header('authorization'))).size).toBeGreaterThan(2);
    for (const seen of send.seen) expect(await faultOf(seen)).toBeUndefined();
  });

  test('a nonce demand, a wrong clock and a dead token are each mended once', async () => {
    const { sig, send, renew } = await setUp((_, count) => {
      if (count === 1) return useNonce('n1');
      if (count === 2) {
        return challenge('invalid_dpop_proof', [['Date', new Date(NOW_MS + 60_000).toUTCString()]]);
      }
      return challenge('invalid_token');
    });
    expect((await sig.request(headOf(URL), null)).response.status).toBe(401);
    expect([send.seen.length, renew.mock.calls.length]).toEqual([4, 1]);
  });

  test('D5: each hop of a redirect has its own proof, and another origin gets neither token nor proof', async () => {
    const { sig, send } = await setUp((_, count) => {
      if (count === 1) return answer(302, '', [['Location', '/b?c']]);
      return count === 2 ? answer(302, '', [['Location', 'https://other.example/d']]) : answer(200);
    });
    await sig.request(headOf(URL), null, { follow: true });
    expect(send.seen.map((seen) => originOf(seen.head.target) + seen.head.path)).toEqual([
      URL,
      'https://api.example.com/b?c',
      'https://other.example/d',
    ]);
    expect([await faultOf(send.seen[0]!), await faultOf(send.seen[1]!)]).toEqual([undefined, undefined]);
    expect([send.seen[2]!.header('authorization'), send.seen[2]!.header('dpop')]).toEqual([undefined, undefined]);
  });

  test('a login without a key is renewed before it is used, and one with a key is not sent as a bearer token', async () => {
    const { sig, send, renew } = await setUp(() => answer(200), [bound], [
      makeCredential(bound, { access_token: 'b' }),
    ]);
    await sig.request(headOf(URL), null);
    expect([renew.mock.calls.length, send.seen[0]!.header('authorization')]).toEqual([1, 'DPoP token-2']);
    const plain = makeOAuthProvider();
    const other = await setUp(() => answer(200), [plain], [loginOf(plain)]);
    await other.sig.request(headOf(URL), null);
    expect(other.renew).toHaveBeenCalledTimes(1);
  });

  test('D10: no proof, error or audit line shows the private key', async () => {
    const { sig, send, audit } = await setUp((_, count) => count === 1 ? answer(200) : useNonce(`n${count}`));
    await sig.request(headOf(URL), null);
    const error = await sig.request(headOf(URL), null).catch((caught: Error) => caught);
    const proof = send.seen[0]!.header('dpop')!;
    expect(JSON.parse(atob(proof.split('.')[0]!)).jwk).toEqual(publicJwk);
    const shown = JSON.stringify([send.seen, audit.events, error]) + String(error) + atob(proof.split('.')[0]!);
    expect(shown).not.toContain(dpop.reveal().d);
  });
});

describe('sign: web-bot-auth', () => {
  const provider = makeProvider({ sign });
  const login = makeCredential(provider, { token: 'token-1' }, { keys: { webBotAuth } });
  const messageOf = ({ head }: Seen) => ({
    method: head.method,
    url: originOf(head.target) + head.path,
    headers: head.headers,
  });
  const verdictOf = (seen: Seen) =>
    verifyWebBotAuth(messageOf(seen), {
      now: () => NOW_MS,
      findKey: ({ agent, keyid }) => agent === sign.agent && keyid === bot.thumbprint ? bot.publicJwk : undefined,
    });

  test('each request carries a signature of its own over what is sent', async () => {
    const { sig, send, audit } = await setUp(() => answer(200), [provider], [login]);
    const own: HeaderPairs = [['signature', 'own=:AAAA:'], ['Signature-Input', 'own=()'], ['signature-agent', '"x"']];
    for (const method of ['GET', 'POST']) await sig.request(headOf(URL, method, own), null);
    for (const seen of send.seen) {
      expect(await verdictOf(seen)).toMatchObject({ outcome: 'verified', bot: { agent: sign.agent } });
      expect(seen.header('authorization')).toBe('Bearer token-1');
    }
    expect(send.seen[0]!.header('signature')).not.toBe(send.seen[1]!.header('signature'));
    expect(audit.events[0]!.placed).toContain('header Signature');
  });

  test('the older form of Signature-Agent is one quoted string', async () => {
    const legacy = makeProvider({ sign: { ...sign, form: 'legacy-string' } });
    const { sig, send } = await setUp(() => answer(200), [legacy], [{ ...login, binding: loginOf(legacy).binding }]);
    await sig.request(headOf(URL), null);
    expect(send.seen[0]!.header('signature-agent')).toBe('"https://bot.example"');
    expect(await verdictOf(send.seen[0]!)).toMatchObject({ outcome: 'verified' });
  });

  test('a login that is a key needs nothing else', async () => {
    const key = makeProvider({ strategy: 'key', extract: [], apply: [], sign });
    const { sig, send } = await setUp(() => answer(200), [key], [makeCredential(key, {}, { keys: { webBotAuth } })]);
    await sig.request(headOf(URL), null);
    expect(await verdictOf(send.seen[0]!)).toMatchObject({ outcome: 'verified' });
    const gone = await setUp(() => answer(200), [key], [makeCredential(key, {})]);
    gone.renew.mockRejectedValue(Object.assign(new Error('no'), { code: 'E_LOGIN_REQUIRED' }));
    await expect(gone.sig.request(headOf(URL), null)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
    expect(gone.send.seen).toEqual([]);
  });

  test('a bound token and a bot can be one request', async () => {
    const both = makeOAuthProvider({ oauth2: { ...oauth2, dpop: true }, sign });
    const { sig, send } = await setUp(() => answer(200), [both], [loginOf(both, 't', { keys: { dpop, webBotAuth } })]);
    await sig.request(headOf(URL), null);
    expect(await faultOf(send.seen[0]!)).toBeUndefined();
    expect(await verdictOf(send.seen[0]!)).toMatchObject({ outcome: 'verified' });
  });

  test('two bots cannot sign one request', () => {
    const signer = createSigner(fixedClock(), () => undefined);
    expect(() => signer.begin([provider, makeProvider({ id: 'other', sign })])).toThrow(
      expect.objectContaining({ code: 'E_CONFLICT' }),
    );
    expect(signer.begin([makeProvider()])).toBeUndefined();
  });

  test('sign() refuses a login that has no key', async () => {
    const signing = createSigner(fixedClock(), () => undefined).begin([provider])!;
    await expect(signing.sign(headOf(URL), [makeCredential(provider)])).rejects.toMatchObject({
      code: 'E_LOGIN_REQUIRED',
    });
  });
});
