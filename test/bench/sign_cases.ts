// What `npm run bench:sign` measures, on whatever runtime loads it. Prints one JSON line.
import * as panva from 'dpop';
import { EmbeddedJWK, jwtVerify, SignJWT } from 'jose';
import { accessTokenHash, createProof, generateKey, verifyProof } from '../../src/dpop/mod.ts';

/** One measured case: operations per second, and how it compares with the reference of its group. */
export interface Rate {
  readonly name: string;
  readonly perSec: number;
  readonly ratio: number;
}

const ROUNDS = 60;
const SLICE_MS = 20;
const METHOD = 'GET';
const URL = 'https://resource.example.org/protectedresource';
const TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';

/**
 * Runs all cases in short turns, round after round, and takes the best round of each: what the
 * machine does when nothing else wants it. The first case is the reference.
 */
async function measure(cases: Record<string, () => Promise<unknown>>): Promise<Rate[]> {
  const best = Object.keys(cases).map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, run] of Object.values(cases).entries()) {
      const start = performance.now();
      let count = 0;
      while (performance.now() - start < SLICE_MS) {
        for (let i = 0; i < 10; i++) await run();
        count += 10;
      }
      best[at] = Math.max(best[at]!, (count * 1000) / (performance.now() - start));
    }
  }
  return Object.keys(cases).map((name, at) => ({ name, perSec: Math.round(best[at]!), ratio: best[at]! / best[0]! }));
}

async function measureKind(kind: 'ES256' | 'Ed25519'): Promise<{ sign: Rate[]; verify: Rate[] }> {
  const keys = await panva.generateKeyPair(kind);
  const key = await generateKey(kind);
  const ath = await accessTokenHash(TOKEN);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey);
  const jwk = { kty: kty!, crv: crv!, x: x!, ...(y === undefined ? {} : { y }) };
  const algorithm = kind === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' };
  const keyAlgorithm = kind === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' };
  const proof = await createProof(key, { method: METHOD, url: URL });
  const input = new TextEncoder().encode(proof.slice(0, proof.lastIndexOf('.')));
  const signature = await crypto.subtle.sign(algorithm, keys.privateKey, input);
  const importJwk = () => crypto.subtle.importKey('jwk', jwk, keyAlgorithm, false, ['verify']);
  // Takes every claim: the bench verifies one proof over and over.
  const replays = { claim: () => true };
  const sign = await measure({
    'bare Web Crypto sign': () => crypto.subtle.sign(algorithm, keys.privateKey, input),
    'sig createProof': () => createProof(key, { method: METHOD, url: URL }),
    'panva dpop': () => panva.generateProof(keys, URL, METHOD),
    'jose SignJWT': () =>
      new SignJWT({ jti: crypto.randomUUID(), htm: METHOD, htu: URL })
        .setIssuedAt()
        .setProtectedHeader({ typ: 'dpop+jwt', alg: kind, jwk })
        .sign(keys.privateKey),
    'sig createProof, with ath': () => createProof(key, { method: METHOD, url: URL, ath }),
    'panva dpop, with token': () => panva.generateProof(keys, URL, METHOD, undefined, TOKEN),
  });
  const verify = await measure({
    'bare Web Crypto verify': () => crypto.subtle.verify(algorithm, keys.publicKey, signature, input),
    'bare, key imported each time': async () => crypto.subtle.verify(algorithm, await importJwk(), signature, input),
    'sig verifyProof': () => verifyProof(proof, { method: METHOD, url: URL, replays, maxAgeSec: 3600 }),
    'jose EmbeddedJWK': () => jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' }),
  });
  return { sign, verify };
}

console.log(JSON.stringify({ ES256: await measureKind('ES256'), Ed25519: await measureKind('Ed25519') }));
