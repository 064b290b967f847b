import { expect, test } from 'vitest';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { exportKey, generateKey, signBytes, type SigningKey } from '../../../src/encoding/signing_key.ts';
import { createProof } from '../../../src/dpop/proof.ts';
import { createReplayStore, type ReplayStore } from '../../../src/dpop/replay_store.ts';
import { accessTokenHash } from '../../../src/dpop/token.ts';
import { type ProofExpectations, type ProofFault, verifyProof } from '../../../src/dpop/verify_proof.ts';

const nowSec = 1_800_000_000;
const now = () => nowSec * 1000;
const open = await generateKey('ES256', { extractable: true });
const ed = await generateKey('Ed25519', { extractable: true });
const other = await generateKey('ES256');
const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const ath = await accessTokenHash(accessToken);

const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: open.publicJwk };
const claims = { jti: 'a-jti', htm: 'POST', htu: 'https://a.example/x', iat: nowSec, ath, nonce: 'n1' };
const expected = (part: Partial<ProofExpectations> = {}): ProofExpectations => ({
  method: 'POST',
  url: 'https://a.example/x?q=1',
  token: { accessToken, jkt: open.thumbprint },
  isCurrentNonce: (nonce) => nonce === 'n1',
  replays: createReplayStore({ now: () => nowSec * 1000 }),
  now,
  ...part,
});
const segment = (value: unknown) =>
  encodeBase64url(encodeUtf8(typeof value === 'string' ? value : JSON.stringify(value)));

/** A proof that is right except for what is changed, and always well signed. */
async function proofOf(
  changes: { header?: object; claims?: object; key?: SigningKey; text?: string } = {},
): Promise<string> {
  const input = `${segment({ ...header, ...changes.header })}.${
    segment(changes.text ?? { ...claims, ...changes.claims })
  }`;
  return `${input}.${encodeBase64url(new Uint8Array(await signBytes(changes.key ?? open, encodeUtf8(input))))}`;
}

test('verifyProof() takes a proof in which everything is right', async () => {
  expect(await verifyProof(await proofOf(), expected())).toEqual({
    ok: true,
    jkt: open.thumbprint,
    jwk: open.publicJwk,
    algorithm: 'ES256',
    jti: 'a-jti',
    iatSec: nowSec,
  });
});

const { d, ...publicJwk } = await exportKey(open);
const edJwk = ed.publicJwk;
const alone: [string, ProofFault, Parameters<typeof proofOf>[0], Partial<ProofExpectations>?][] = [
  ['§4.3-2 claims that are no object', 'malformed_proof', { text: '[]' }],
  ['§4.3-2 claims that are no JSON', 'malformed_proof', { text: '{' }],
  ['§4.3-2 an extension that must be understood', 'malformed_proof', { header: { crit: ['exp'], exp: 1 } }],
  ['§4.3-3 no jti', 'missing_proof_jti', { claims: { jti: undefined } }],
  ['§4.3-3 an empty jti', 'missing_proof_jti', { claims: { jti: '' } }],
  ['§4.3-3 a jti that is no string', 'missing_proof_jti', { claims: { jti: 5 } }],
  ['§11.1 a jti that is too long', 'missing_proof_jti', { claims: { jti: 'x'.repeat(257) } }],
  ['§4.3-3 no htm', 'bad_proof_htm', { claims: { htm: undefined } }],
  ['§4.3-3 no htu', 'bad_proof_htu', { claims: { htu: undefined } }],
  ['§4.3-3 no iat', 'bad_proof_iat', { claims: { iat: undefined } }],
  ['§4.3-3 an iat that is no number', 'bad_proof_iat', { claims: { iat: String(nowSec) } }],
  ['§4.3-4 no typ', 'bad_proof_typ', { header: { typ: undefined } }],
  ['§4.3-4 another typ', 'bad_proof_typ', { header: { typ: 'JWT' } }],
  ['§4.3-4 typ in other letters', 'bad_proof_typ', { header: { typ: 'DPoP+JWT' } }],
  ['§4.3-5 no alg', 'bad_proof_alg', { header: { alg: undefined } }],
  ['§4.3-5 alg none', 'bad_proof_alg', { header: { alg: 'none' } }],
  ['§4.3-5 a symmetric alg', 'bad_proof_alg', { header: { alg: 'HS256' } }],
  ['§4.3-5 an alg that is not registered', 'bad_proof_alg', { header: { alg: 'ES256 ' } }],
  ['§4.3-5 an alg that this server does not take', 'bad_proof_alg', {}, { algorithms: ['EdDSA'] }],
  ['§4.3-6 an alg of another key type', 'bad_proof_jwk', { header: { alg: 'EdDSA' } }],
  ['§4.3-6 no jwk', 'missing_proof_jwk', { header: { jwk: undefined } }],
  ['§4.3-6 a jwk that is no object', 'bad_proof_jwk', { header: { jwk: 'x' } }],
  ['§4.3-6 a jwk that is null', 'bad_proof_jwk', { header: { jwk: null } }],
  ['§4.3-6 a jwk of another type', 'bad_proof_jwk', { header: { jwk: { kty: 'oct' } } }],
  ['§4.3-6 a jwk on another curve', 'bad_proof_jwk', { header: { jwk: { ...publicJwk, crv: 'P-384' } } }],
  ['§4.3-6 a jwk that is no point', 'bad_proof_jwk', { header: { jwk: { ...publicJwk, x: 'A'.repeat(43) } } }],
  ['§4.3-6 a jwk beyond the field', 'bad_proof_jwk', { header: { jwk: { ...publicJwk, x: `${'_'.repeat(42)}8` } } }],
  ['§4.3-6 the signature of another key', 'bad_proof_signature', { key: other }],
  ['§4.3-7 a private jwk', 'private_in_proof_jwk', { header: { jwk: { ...publicJwk, d } } }],
  ['§4.3-7 a jwk with one private member of RSA', 'private_in_proof_jwk', {
    header: { jwk: { ...publicJwk, dp: '' } },
  }],
  ['§4.3-8 another method', 'bad_proof_htm', { claims: { htm: 'GET' } }],
  ['§4.3-8 the method in other letters', 'bad_proof_htm', { claims: { htm: 'post' } }],
  ['§4.3-9 another path', 'bad_proof_htu', { claims: { htu: 'https://a.example/y' } }],
  ['§4.3-9 another host', 'bad_proof_htu', { claims: { htu: 'https://b.example/x' } }],
  ['§4.3-9 another scheme', 'bad_proof_htu', { claims: { htu: 'http://a.example/x' } }],
  ['§4.3-9 another port', 'bad_proof_htu', { claims: { htu: 'https://a.example:8443/x' } }],
  ['§4.3-9 a slash more', 'bad_proof_htu', { claims: { htu: 'https://a.example/x/' } }],
  ['§4.3-9 userinfo', 'bad_proof_htu', { claims: { htu: 'https://u@a.example/x' } }],
  ['§4.3-9 a relative URL', 'bad_proof_htu', { claims: { htu: '/x' } }],
  ['§4.3-10 no nonce', 'missing_proof_nonce', { claims: { nonce: undefined } }],
  ['§4.3-10 an old nonce', 'bad_proof_nonce', { claims: { nonce: 'n0' } }],
  ['§4.3-10 a nonce that is no string', 'bad_proof_nonce', { claims: { nonce: 5 } }],
  ['§8.1 a nonce of other characters', 'bad_proof_nonce', { claims: { nonce: 'a b' } }, { isCurrentNonce: () => true }],
  ['§11.3 a nonce that nobody gave', 'bad_proof_nonce', {}, { isCurrentNonce: undefined }],
  ['§4.3-11 an iat that is too old', 'stale_proof', { claims: { iat: nowSec - 61 } }],
  ['§4.3-11 an iat in the future', 'future_proof', { claims: { iat: nowSec + 31 } }],
  ['§4.3-11 an iat out of a shorter window', 'stale_proof', { claims: { iat: nowSec - 6 } }, { maxAgeSec: 5 }],
  ['§4.3-12 no ath', 'bad_proof_ath', { claims: { ath: undefined } }],
  ['§4.3-12 the ath of another token', 'bad_proof_ath', { claims: { ath: await accessTokenHash('other') } }],
  ['§4.3-12 a token bound to another key', 'jkt_mismatch', {}, { token: { accessToken, jkt: other.thumbprint } }],
  ['§4.3-12 a token that cannot be one', 'bad_proof_ath', {}, { token: { accessToken: 'a b', jkt: open.thumbprint } }],
];

test.each(alone)('verifyProof() refuses %s, and only that is wrong', async (_, fault, changes, part) => {
  const verdict = await verifyProof(await proofOf(changes), expected(part));
  expect(verdict).toMatchObject({ ok: false, fault });
});

test('verifyProof() answers with the error that RFC 9449 §7.1 and §8 name', async () => {
  const errorOf = async (changes: Parameters<typeof proofOf>[0], part?: Partial<ProofExpectations>) => {
    const verdict = await verifyProof(await proofOf(changes), expected(part));
    return verdict.ok ? undefined : verdict.error;
  };
  expect(await errorOf({ claims: { nonce: undefined } })).toBe('use_dpop_nonce');
  expect(await errorOf({ claims: { nonce: 'n0' } })).toBe('use_dpop_nonce');
  expect(await errorOf({}, { isCurrentNonce: undefined })).toBe('invalid_dpop_proof');
  expect(await errorOf({ claims: { htm: 'GET' } })).toBe('invalid_dpop_proof');
  expect(await errorOf({}, { token: { accessToken, jkt: 'x' } })).toBe('invalid_token');
});

test('verifyProof() wants exactly one header field (§4.3-1)', async () => {
  const proof = await proofOf();
  for (
    const [value, fault] of [[null, 'missing_proof'], ['', 'missing_proof'], [
      `${proof}, ${proof}`,
      'multiple_proofs',
    ]] as const
  ) {
    expect(await verifyProof(value, expected())).toMatchObject({ ok: false, fault });
  }
  const headers = new Headers([['DPoP', proof], ['DPoP', proof]]);
  expect(await verifyProof(headers.get('dpop'), expected())).toMatchObject({ ok: false, fault: 'multiple_proofs' });
});

test('verifyProof() wants one well-formed JWS (§4.3-2)', async () => {
  const proof = await proofOf();
  const [first, second, third] = proof.split('.') as [string, string, string];
  const malformed = [
    'x',
    `${first}.${second}`,
    `${proof}.x`,
    ` ${proof}`,
    `${proof}\n`,
    `${first}=.${second}.${third}`,
    `${first}.${second}.`,
    `.${second}.${third}`,
    `${segment('null')}.${second}.${third}`,
    `${encodeBase64url(new Uint8Array([0xff, 0xfe]))}.${second}.${third}`,
  ];
  for (const value of malformed) {
    expect(await verifyProof(value, expected())).toMatchObject({ ok: false, fault: 'malformed_proof' });
  }
});

test('verifyProof() refuses a proof that is too long before it reads it', async () => {
  const huge = await proofOf({ claims: { padding: 'x'.repeat(7000) } });
  expect(huge.length).toBeGreaterThan(8192);
  expect(await verifyProof(huge, expected())).toMatchObject({ ok: false, fault: 'proof_too_long' });
});

test('verifyProof() refuses a signature of any other length or spelling', async () => {
  const proof = await proofOf();
  const unsigned = proof.slice(0, proof.lastIndexOf('.') + 1);
  const theirs = await createProof(ed, {
    method: 'POST',
    url: 'https://a.example/x',
    nonce: 'n1',
    accessToken,
    iatSec: nowSec,
  });
  for (const length of [1, 32, 63, 64, 65, 96, 512]) {
    const bytes = encodeBase64url(new Uint8Array(length).fill(7));
    expect(await verifyProof(unsigned + bytes, expected())).toMatchObject({ fault: 'bad_proof_signature' });
    const ofEd = theirs.slice(0, theirs.lastIndexOf('.') + 1) + bytes;
    expect(await verifyProof(ofEd, expected())).toMatchObject({ fault: 'bad_proof_signature' });
  }
  // The last character of 64 bytes carries four unused bits: setting one gives a second spelling.
  const last = proof.at(-1)!;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = proof.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1];
  expect(await verifyProof(twin, expected())).toMatchObject({ fault: 'malformed_proof' });
});

test.each([
  'https://A.example/x',
  'https://a.example:443/x',
  'https://a.example/./y/../x',
  'https://a.example/%78',
  'https://a.example/x?ignored#too',
])(
  'D2: verifyProof() compares htu %j after normalisation (RFC 9449 §4.3)',
  async (htu) => {
    expect(await verifyProof(await proofOf({ claims: { htu } }), expected())).toMatchObject({ ok: true });
  },
);

test('verifyProof() takes a proof once, whoever hurries (§11.1)', async () => {
  const replays = createReplayStore({ now: () => nowSec * 1000 });
  const proof = await proofOf();
  const verdicts = await Promise.all(Array.from({ length: 20 }, () => verifyProof(proof, expected({ replays }))));
  expect(verdicts.filter(({ ok }) => ok).length).toBe(1);
  expect(verdicts.find(({ ok }) => !ok)).toMatchObject({ fault: 'replayed_proof_jti' });
  // The same jti is another proof for another resource, and of another key.
  const elsewhere = await proofOf({ claims: { htu: 'https://a.example/y' } });
  expect(await verifyProof(elsewhere, expected({ replays, url: 'https://a.example/y' }))).toMatchObject({ ok: true });
  const theirs = await proofOf({ header: { alg: 'EdDSA', jwk: edJwk }, key: ed });
  expect(await verifyProof(theirs, expected({ replays, token: { accessToken, jkt: ed.thumbprint } }))).toMatchObject({
    ok: true,
  });
  // Another spelling of the URL is not.
  const again = await proofOf({ claims: { htu: 'https://a.example/%78' } });
  expect(await verifyProof(again, expected({ replays }))).toMatchObject({ fault: 'replayed_proof_jti' });
});

test('verifyProof() keeps only hashes, of proofs that would pass, for as long as they are fresh', async () => {
  const claimed: [string, number][] = [];
  const replays: ReplayStore = { claim: async (hash, untilSec) => claimed.push([hash, untilSec]) > 0 };
  await verifyProof(await proofOf({ claims: { htm: 'GET' } }), expected({ replays }));
  await verifyProof(await proofOf({ key: other }), expected({ replays }));
  expect(claimed).toEqual([]);
  await verifyProof(await proofOf(), expected({ replays, maxAgeSec: 90 }));
  expect(claimed).toEqual([[expect.stringMatching(/^[\w-]{43}$/), nowSec + 90]]);
});

test('verifyProof() lets failures of its stores through', async () => {
  const replays: ReplayStore = { claim: () => Promise.reject(new Error('store is down')) };
  await expect(verifyProof(await proofOf(), expected({ replays }))).rejects.toThrow('store is down');
});

test('D9: verifyProof() takes all three names of its two algorithms, and no key under the wrong one', async () => {
  const at = { method: 'POST', url: 'https://a.example/x', nonce: 'n1', accessToken, iatSec: nowSec };
  for (const algorithm of ['EdDSA', 'Ed25519'] as const) {
    const proof = await createProof(ed, { ...at, algorithm });
    expect(await verifyProof(proof, expected({ token: { accessToken, jkt: ed.thumbprint } }))).toMatchObject({
      ok: true,
      algorithm,
    });
  }
  const confused = await proofOf({ header: { alg: 'ES256', jwk: edJwk }, key: ed });
  expect(await verifyProof(confused, expected())).toMatchObject({ fault: 'bad_proof_jwk' });
});

// y of 2 and of p + 1: no x belongs to the first, and the second is not reduced (RFC 8032 §5.1.3).
test.each([['no point', 2, 0], ['not reduced', 0xee, 0x7f]])(
  'D9: verifyProof() refuses an Ed25519 key that is %s',
  async (_, first, last) => {
    const bytes = new Uint8Array(32).fill(last === 0 ? 0 : 0xff);
    bytes[0] = first;
    bytes[31] = last;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(bytes) };
    const proof = await proofOf({ header: { alg: 'EdDSA', jwk } });
    expect(await verifyProof(proof, expected())).toMatchObject({ ok: false });
  },
);
