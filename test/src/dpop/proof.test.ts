import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { decodeBase64url } from '../../../src/encoding/base64url.ts';
import { exportKey, generateKey, importKey } from '../../../src/encoding/signing_key.ts';
import { createJti, createProof, type ProofClaims } from '../../../src/dpop/proof.ts';
import { isSigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';

const read = (segment: string) => JSON.parse(new TextDecoder().decode(decodeBase64url(segment)));
const parse = (proof: string) => {
  const [header, claims] = proof.split('.');
  return { header: read(header!), claims: read(claims!) };
};
const at = { method: 'GET', url: 'https://a.example/p?q=1#f' };

test('createProof() has the members of RFC 9449 §4.2 and no others', async () => {
  const key = await generateKey('ES256');
  const { header, claims } = parse(await createProof(key, at));
  expect(header).toEqual({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk });
  expect(Object.keys(claims)).toEqual(['jti', 'htm', 'htu', 'iat']);
  expect(claims).toMatchObject({ htm: 'GET', htu: 'https://a.example/p' });
  expect(Math.abs(claims.iat - Date.now() / 1000)).toBeLessThan(5);
  expect(Number.isInteger(claims.iat)).toBe(true);
  const more = parse(await createProof(key, { ...at, accessToken: new Secret('t'), nonce: 'n', iatSec: 5 }));
  expect(Object.keys(more.claims)).toEqual(['jti', 'htm', 'htu', 'iat', 'ath', 'nonce']);
  expect(more.claims.iat).toBe(5);
});

test('createProof() names the algorithm as the server wants it', async () => {
  const key = await generateKey('Ed25519');
  const algorithms = [undefined, 'Ed25519', 'EdDSA', 'Ed25519'] as const;
  const names = await Promise.all(
    algorithms.map(async (algorithm) => parse(await createProof(key, { ...at, algorithm })).header.alg),
  );
  expect(names).toEqual(['EdDSA', 'Ed25519', 'EdDSA', 'Ed25519']);
});

test.each(['GET', 'get', 'M-SEARCH', 'X_y', 'patch'])('D3: createProof() keeps method %s as it is', async (method) => {
  expect(parse(await createProof(await generateKey('ES256'), { ...at, method })).claims.htm).toBe(method);
});

test.each<Partial<ProofClaims>>([
  { method: '' },
  { method: 'GET ' },
  { method: 'GE T' },
  { method: 'GET\r\n' },
  { method: 'G"T' },
  { nonce: '' },
  { nonce: 'a b' },
  { nonce: 'a"b' },
  { nonce: 'x'.repeat(1025) },
  { algorithm: 'EdDSA' },
  { algorithm: 'none' as 'ES256' },
])('D9: createProof(%j) is misuse', async (claims) => {
  await expect(createProof(await generateKey('ES256'), { ...at, ...claims })).rejects.toThrow(TypeError);
});

test.each(
  [
    [{ url: 'https://u:p@a.example/' }, 'E_TARGET'],
    [{ url: 'file:///etc/passwd' }, 'E_TARGET'],
    [{ accessToken: 'a b' }, 'E_BAD_CREDENTIAL_VALUE'],
  ] as const,
)('createProof(%j) is %s', async (claims, code) => {
  await expect(createProof(await generateKey('ES256'), { ...at, ...claims }))
    .rejects.toSatisfy((error) => isSigError(error, code));
});

test('D9: a thousand proofs of every kind carry public members only, and never the private one', async () => {
  for (const kind of ['ES256', 'Ed25519'] as const) {
    const jwk = await exportKey(await generateKey(kind, { extractable: true }));
    const key = await importKey(jwk);
    const proofs = await Promise.all(Array.from({ length: 500 }, () => createProof(key, { ...at, accessToken: 't' })));
    for (const proof of proofs) {
      const { header } = parse(proof);
      expect(Object.keys(header)).toEqual(['typ', 'alg', 'jwk']);
      expect(Object.keys(header.jwk)).toEqual(kind === 'ES256' ? ['kty', 'crv', 'x', 'y'] : ['kty', 'crv', 'x']);
      expect(JSON.stringify(parse(proof))).not.toContain(jwk.d);
    }
  }
});

test('D1: createJti() is 128 bits, each of which is as often one as zero', () => {
  const ones = new Array<number>(128).fill(0);
  const count = 4096;
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const jti = createJti();
    seen.add(jti);
    const bytes = decodeBase64url(jti);
    expect(bytes.length).toBe(16);
    for (let bit = 0; bit < 128; bit++) ones[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1;
  }
  expect(seen.size).toBe(count);
  // Eight standard deviations of a fair coin.
  for (const sum of ones) expect(Math.abs(sum - count / 2)).toBeLessThan(8 * Math.sqrt(count) / 2);
});

test('D1: proofs of 8 processes that start alike have no id in common', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sig-jti-'));
  try {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    await build({
      absWorkingDir: root,
      stdin: {
        contents: `import { createJti } from './src/dpop/proof.ts';
          console.log(Array.from({ length: 25_000 }, createJti).join(' '));`,
        resolveDir: root,
        loader: 'ts',
      },
      outfile: join(folder, 'jti.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      logLevel: 'error',
    });
    const args = [...('Deno' in globalThis ? ['run'] : []), 'jti.mjs'];
    const lists = await Promise.all(Array.from({ length: 8 }, () => outputOf(process.execPath, args, folder)));
    const all = lists.flatMap((list) => list.trim().split(' '));
    expect(all.length).toBe(200_000);
    expect(new Set(all).size).toBe(200_000);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function outputOf(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => output += chunk);
    child.on('error', reject);
    child.on('close', (code) => code === 0 ? resolve(output) : reject(new Error(`${program} ended with ${code}`)));
  });
}
