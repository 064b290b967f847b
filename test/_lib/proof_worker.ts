/** A process that makes proofs: how many, and into which file their ids go, 16 bytes each. */

import { Buffer } from 'node:buffer';
import { closeSync, openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { createProof } from '../../src/dpop/proof.ts';
import { exportKey, generateKey, importKey } from '../../src/encoding/signing_key.ts';

const [count = '0', path = ''] = process.argv.slice(2);
const claims = { method: 'GET', url: 'https://api.example/a', accessToken: 'token' };
const MEMBERS = { ES256: 'kty,crv,x,y', Ed25519: 'kty,crv,x' } as const;
const file = openSync(path, 'w', 0o600);
for (const kind of ['ES256', 'Ed25519'] as const) {
  const jwk = await exportKey(await generateKey(kind, { extractable: true }));
  const key = await importKey(jwk);
  for (let left = Number(count) / 2; left > 0; left -= 1000) {
    const proofs = await Promise.all(Array.from({ length: Math.min(1000, left) }, () => createProof(key, claims)));
    const ids = proofs.map((proof) => {
      const [header, payload] = proof.split('.').map((part) => Buffer.from(part, 'base64url').toString());
      const { typ, alg, jwk: shown } = JSON.parse(header!);
      const isRight = typ === 'dpop+jwt' && alg === (kind === 'ES256' ? 'ES256' : 'EdDSA') &&
        Object.keys(shown).join() === MEMBERS[kind];
      if (!isRight || `${header}${payload}`.includes(jwk.d!)) throw new Error(`a header is wrong: ${alg}`);
      return Buffer.from((JSON.parse(payload!) as { jti: string }).jti, 'base64url');
    });
    writeSync(file, Buffer.concat(ids));
  }
}
closeSync(file);
