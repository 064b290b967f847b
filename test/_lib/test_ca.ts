/**
 * The private CA of the tests: good server certificates, and the bad ones a client must refuse.
 *
 * @module
 */

import { encodePem } from '../../src/encoding/pem.ts';
import { type Authority, createAuthority, createLeafKey, issueLeaf } from '../../src/certificate/authority.ts';
import { encodeName, keyIdOf, signCertificate } from '../../src/certificate/certificate.ts';
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyId,
} from '../../src/certificate/extension.ts';

/** A certificate and its key, both PEM, as TLS servers take them. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

/** What may be wrong with a certificate (security case T1). */
export type Defect = 'expired' | 'not-yet-valid' | 'wrong-name' | 'wrong-usage' | 'self-signed' | 'foreign-ca';

export const DEFECTS: readonly Defect[] = [
  'expired',
  'not-yet-valid',
  'wrong-name',
  'wrong-usage',
  'self-signed',
  'foreign-ca',
];

const HOUR_SEC = 3600;
let shared: Promise<Authority> | undefined;

/** The CA that all servers of this process use. Not constrained, so that tests can name any host. */
export function testAuthority(): Promise<Authority> {
  shared ??= makeAuthority('sig test CA');
  return shared;
}

/** A certificate for these hosts which clients that trust {@link testAuthority} accept, or must not. */
export async function makeIdentity(hosts: readonly string[], defect?: Defect): Promise<ServerIdentity> {
  const authority = defect === 'foreign-ca' ? await makeAuthority('sig foreign CA') : await testAuthority();
  if (defect === undefined || defect === 'foreign-ca') return await issueGood(authority, hosts);
  if (defect === 'wrong-name') return await issueGood(authority, ['wrong-name.example']);
  return await signBad(authority, hosts, defect);
}

/** A client certificate, for servers that ask for one. */
export async function makeClientIdentity(): Promise<ServerIdentity> {
  const key = await createLeafKey();
  const leaf = await issueLeaf(await testAuthority(), {
    hosts: ['client.example'],
    key,
    nowSec: Date.now() / 1000,
    purpose: 'clientAuth',
  });
  return { cert: leaf.certificatePem, key: key.privateKeyPem.reveal() };
}

async function makeAuthority(commonName: string): Promise<Authority> {
  return (await createAuthority({ commonName, nowSec: Date.now() / 1000 })).authority;
}

async function issueGood(authority: Authority, hosts: readonly string[]): Promise<ServerIdentity> {
  const key = await createLeafKey();
  const leaf = await issueLeaf(authority, { hosts, key, nowSec: Date.now() / 1000 });
  return { cert: leaf.certificatePem, key: key.privateKeyPem.reveal() };
}

async function signBad(authority: Authority, hosts: readonly string[], defect: Defect): Promise<ServerIdentity> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const nowSec = Math.floor(Date.now() / 1000);
  const [fromSec, toSec] = defect === 'expired'
    ? [nowSec - 48 * HOUR_SEC, nowSec - 24 * HOUR_SEC]
    : defect === 'not-yet-valid'
    ? [nowSec + 24 * HOUR_SEC, nowSec + 48 * HOUR_SEC]
    : [nowSec - HOUR_SEC, nowSec + 24 * HOUR_SEC];
  const isSelfSigned = defect === 'self-signed';
  const subject = encodeName(isSelfSigned ? 'self-signed.example' : 'bad.example');
  const keyId = await keyIdOf(keys.publicKey);
  const issuerKeyId = isSelfSigned ? keyId : await keyIdOf(await issuerPublicKey(authority));
  const der = await signCertificate({
    issuer: isSelfSigned ? subject : authority.certificate.subject,
    subject,
    subjectKey: keys.publicKey,
    notBeforeSec: fromSec,
    notAfterSec: toSec,
    extensions: [
      basicConstraints(false),
      keyUsage(false),
      extendedKeyUsage(defect === 'wrong-usage' ? 'clientAuth' : 'serverAuth'),
      subjectKeyId(keyId),
      authorityKeyId(issuerKeyId),
      subjectAltName(hosts),
    ],
  }, isSelfSigned ? keys.privateKey : authority.privateKey);
  const privateKey = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { cert: encodePem('CERTIFICATE', der), key: encodePem('PRIVATE KEY', privateKey) };
}

function issuerPublicKey(authority: Authority): Promise<CryptoKey> {
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  return crypto.subtle.importKey('spki', new Uint8Array(authority.certificate.publicKey), curve, true, ['verify']);
}
