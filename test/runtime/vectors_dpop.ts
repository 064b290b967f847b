// RFC 9449, 7638 and 8037: the published vectors, and proofs that pin our own bytes.
import { decodeBase64url, encodeBase64url } from '../../src/encoding/base64url.ts';
import { encodeUtf8 } from '../../src/encoding/bytes.ts';
import { signBytes } from '../../src/encoding/signing_key.ts';
import {
  accessTokenHash,
  createProof,
  createReplayStore,
  dpopFetch,
  exportKey,
  generateKey,
  importKey,
  jwkThumbprint,
  parseChallenges,
  type ProofExpectations,
  verifyProof,
} from '../../src/dpop/mod.ts';
import { rejected, same, type Vector } from './vector.ts';

export const RFC8037_KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};
const RFC8037_THUMBPRINT = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k';

const RFC9449_THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const RFC9449_HEADER =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
const ACCESS_TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const ATH = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo';
const NONCE = 'eyJ7S_zG.eyJH0-Z.HX4w-7v';
const TOKEN_REQUEST = { method: 'POST', url: 'https://server.example.com/token' };
const RESOURCE_REQUEST = { method: 'GET', url: 'https://resource.example.org/protectedresource' };

/** The figures of RFC 9449 that hold a proof. */
export const RFC9449_FIGURES: readonly {
  figure: string;
  proof: string;
  iatSec: number;
  expected: Pick<ProofExpectations, 'method' | 'url' | 'token'>;
}[] = [
  {
    figure: 'Fig. 2',
    iatSec: 1562262616,
    expected: TOKEN_REQUEST,
    proof: RFC9449_HEADER +
      '.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg',
  },
  {
    figure: 'Fig. 7',
    iatSec: 1562265296,
    expected: TOKEN_REQUEST,
    proof: RFC9449_HEADER +
      '.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA',
  },
  {
    figure: 'Fig. 13',
    iatSec: 1562262618,
    expected: { ...RESOURCE_REQUEST, token: { accessToken: ACCESS_TOKEN, jkt: RFC9449_THUMBPRINT } },
    proof: RFC9449_HEADER +
      '.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA',
  },
];

const GOLDEN_HEADER =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVkRFNBIiwiandrIjp7Imt0eSI6Ik9LUCIsImNydiI6IkVkMjU1MTkiLCJ4IjoiMTFxWUFZS3hDcmZWU183VHlXUUhPZzdoY3ZQYXBpTWxyd0lhYVBjSFVSbyJ9fQ';
const GOLDEN_RESOURCE_CLAIMS =
  'eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9';

export const DPOP_VECTORS: readonly Vector[] = [
  {
    name: 'RFC 7638 §3.1: thumbprint of an RSA key',
    run: async () =>
      same(
        await jwkThumbprint({
          kty: 'RSA',
          e: 'AQAB',
          n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
        }),
        'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
      ),
  },
  {
    name: 'RFC 9449: thumbprint of its EC key',
    run: async () =>
      same(
        await jwkThumbprint({
          kty: 'EC',
          crv: 'P-256',
          x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
          y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
        }),
        RFC9449_THUMBPRINT,
      ),
  },
  {
    name: 'RFC 8037 §A.3: thumbprint of its Ed25519 key',
    run: async () => same((await importKey(RFC8037_KEY)).thumbprint, RFC8037_THUMBPRINT),
  },
  {
    name: 'RFC 8037 §A.4: Ed25519 signature',
    run: async () => {
      const bytes = encodeUtf8('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc');
      same(
        encodeBase64url(new Uint8Array(await signBytes(await importKey(RFC8037_KEY), bytes))),
        'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
      );
    },
  },
  { name: 'RFC 9449 §7: ath of its access token', run: async () => same(await accessTokenHash(ACCESS_TOKEN), ATH) },
  ...RFC9449_FIGURES.map(({ figure, proof, iatSec, expected }): Vector => ({
    name: `RFC 9449 ${figure}: verifyProof() takes the proof`,
    run: async () => {
      const now = () => iatSec * 1000;
      const replays = createReplayStore({ now: () => iatSec * 1000 });
      const verdict = await verifyProof(proof, { ...expected, now, replays });
      same(verdict.ok && verdict.jkt, RFC9449_THUMBPRINT);
      const again = await verifyProof(proof, { ...expected, now, replays });
      same(!again.ok && again.fault, 'replayed_proof_jti');
    },
  })),
  {
    name: 'createProof(): golden EdDSA proof of a token request',
    run: async () =>
      same(
        await createProof(await importKey(RFC8037_KEY), {
          ...TOKEN_REQUEST,
          jti: '-BwC3ESc6acc2lTc',
          iatSec: 1562262616,
        }),
        `${GOLDEN_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.gcDRjExW3ZIHJ5dBAZKOJdHZuJYnSYQcO58EG_WF3r5f70D0yMhPC9CTdsUb2KroDTUvWwEPS68WErHc70ptDA`,
      ),
  },
  {
    name: 'createProof(): golden EdDSA proof of a resource request',
    run: async () =>
      same(
        await createProof(await importKey(RFC8037_KEY), {
          ...RESOURCE_REQUEST,
          accessToken: ACCESS_TOKEN,
          jti: 'e1j3V_bKic8-LAEB',
          iatSec: 1562262618,
        }),
        `${GOLDEN_HEADER}.${GOLDEN_RESOURCE_CLAIMS}.HT_ODsyeKy4NkTQifMzdXe-Zet3ticEkOY3RxYjUstq7rXWmDenh5eF1YtrtYmo7JpAiT43FT6waZN0DD0UkCA`,
      ),
  },
  {
    name: 'createProof(): golden EdDSA proof with a nonce',
    run: async () => {
      const proof = await createProof(await importKey(RFC8037_KEY), {
        ...RESOURCE_REQUEST,
        accessToken: ACCESS_TOKEN,
        nonce: NONCE,
        jti: 'e1j3V_bKic8-LAEB',
        iatSec: 1562262618,
      });
      same(
        proof.split('.')[2],
        'JfUfVbsJ3KR3_yrlt0buLIyjHkwdHEz3u7nqfWWgaLRMtGO7efPwyG-1frkNW0ucye7ucbFv6JoPeTUrX67jBA',
      );
      const claims = new TextDecoder().decode(decodeBase64url(proof.split('.')[1]!));
      same(claims.endsWith(`,"nonce":"${NONCE}"}`), true);
    },
  },
  ...(['ES256', 'EdDSA', 'Ed25519'] as const).map((algorithm): Vector => ({
    name: `createProof() and verifyProof() agree on ${algorithm}`,
    run: async () => {
      const key = await generateKey(algorithm === 'ES256' ? 'ES256' : 'Ed25519');
      const proof = await createProof(key, { ...RESOURCE_REQUEST, accessToken: ACCESS_TOKEN, algorithm });
      const token = { accessToken: ACCESS_TOKEN, jkt: key.thumbprint };
      const verdict = await verifyProof(proof, { ...RESOURCE_REQUEST, token, replays: createReplayStore() });
      same(verdict.ok && `${verdict.algorithm} ${verdict.jkt}`, `${algorithm} ${key.thumbprint}`);
      const other = { ...RESOURCE_REQUEST, method: 'PUT', token, replays: createReplayStore() };
      const refused = await verifyProof(proof, other);
      same(!refused.ok && refused.fault, 'bad_proof_htm');
    },
  })),
  {
    name: 'verifyProof() gives a verdict, not an exception, on hostile keys and signatures',
    run: async () => {
      const input = (header: object) => {
        const claims = { jti: 'j', htm: 'GET', htu: RESOURCE_REQUEST.url, iat: Math.floor(Date.now() / 1000) };
        return [header, claims].map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part)))).join('.');
      };
      const faults = async (jwk: object, alg: string, length: number) => {
        const signature = encodeBase64url(new Uint8Array(length).fill(7));
        const proof = `${input({ typ: 'dpop+jwt', alg, jwk })}.${signature}`;
        const verdict = await verifyProof(proof, { ...RESOURCE_REQUEST, replays: createReplayStore() });
        same(verdict.ok, false);
      };
      const coordinates = ['A'.repeat(43), `${'_'.repeat(42)}8`, `Ag${'A'.repeat(41)}`, `7v${'_'.repeat(40)}8`];
      for (const x of coordinates) {
        await faults({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA', 64);
        await faults({ kty: 'EC', crv: 'P-256', x, y: x }, 'ES256', 64);
      }
      const [ec, ed] = [await generateKey('ES256'), await generateKey('Ed25519')];
      for (const length of [1, 63, 64, 65, 512]) {
        await faults(ec.publicJwk, 'ES256', length);
        await faults(ed.publicJwk, 'EdDSA', length);
      }
    },
  },
  ...(['ES256', 'Ed25519'] as const).map((kind): Vector => ({
    name: `generateKey(), exportKey() and importKey() go round for ${kind}`,
    run: async () => {
      const open = await generateKey(kind, { extractable: true });
      const closed = await importKey(await exportKey(open));
      same(closed.thumbprint, open.thumbprint);
      same(closed.privateKey.extractable, false);
      await rejected(() => exportKey(closed), TypeError);
      const other = await exportKey(await generateKey(kind, { extractable: true }));
      await rejected(async () => importKey({ ...(await exportKey(open)), d: other.d! }), TypeError);
    },
  })),
  {
    name: 'parseChallenges() reads a challenge without commas',
    run: () => {
      const [challenge] = parseChallenges('DPoP realm="x" error="use_dpop_nonce", algs="ES256 EdDSA"');
      same([...challenge!.params], [['realm', 'x'], ['error', 'use_dpop_nonce'], ['algs', 'ES256 EdDSA']]);
    },
  },
  {
    name: 'dpopFetch() answers a nonce challenge once, with a body, over the Fetch API of this runtime',
    run: async () => {
      const key = await generateKey('ES256');
      const replays = createReplayStore();
      const seen: string[] = [];
      const server = async (request: Request): Promise<Response> => {
        const { method, url, headers } = request;
        const token = { accessToken: ACCESS_TOKEN, jkt: key.thumbprint };
        const verdict = await verifyProof(headers.get('dpop'), {
          method,
          url,
          token,
          replays,
          isCurrentNonce: (nonce) => nonce === NONCE,
        });
        seen.push(verdict.ok ? await request.text() : verdict.fault);
        if (verdict.ok) return new Response('fine');
        const challenge = `DPoP error="${verdict.error}", algs="ES256"`;
        return new Response('no', { status: 401, headers: { 'WWW-Authenticate': challenge, 'DPoP-Nonce': NONCE } });
      };
      const api = dpopFetch(server, { key, accessToken: ACCESS_TOKEN, origins: ['https://resource.example.org'] });
      for (const body of ['one', 'two']) {
        const response = await api(`${RESOURCE_REQUEST.url}?q#f`, { method: 'POST', body });
        same(await response.text(), 'fine');
      }
      same(seen, ['missing_proof_nonce', 'one', 'two']);
      await rejected(() => api('https://elsewhere.example/'), Error);
    },
  },
];
