/**
 * A certificate authority of one installation: it signs short-lived leaves for the hosts that it
 * is constrained to, on this machine, and its key never leaves it.
 *
 * @module
 */

import type { Bytes } from '../encoding/bytes.ts';
import { encodePem } from '../encoding/pem.ts';
import { SigError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { canonicalHost, hostKind } from '../target/host.ts';
import { type Certificate, encodeName, keyIdOf, readCertificate, signCertificate } from './certificate.ts';
import { readElement } from './der.ts';
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  EXTENSION_OID,
  type KeyPurpose,
  keyUsage,
  nameConstraints,
  readPermittedHosts,
  subjectAltName,
  subjectKeyId,
} from './extension.ts';

/** A CA that can sign. */
export interface Authority {
  readonly certificate: Certificate;
  /** PEM of the certificate, for whoever is to trust it. */
  readonly certificatePem: string;
  readonly privateKey: CryptoKey;
  /** The hosts it may sign for, canonical and sorted; absent when it is not constrained. */
  readonly permittedHosts?: readonly string[];
}

/** What a new CA is to be. */
export interface AuthorityOptions {
  /** What people see in a list of trusted CAs; 1 to 64 characters, different on each installation. */
  readonly commonName: string;
  readonly nowSec: number;
  /** Seconds until it expires. Default 365 days, at most 10 years. */
  readonly lifeSec?: number | undefined;
  /** Hosts that it may sign for, subdomains included; every host when absent. */
  readonly permittedHosts?: readonly string[] | undefined;
}

/** The key pair that leaves share: one for each process is enough. */
export interface LeafKey {
  readonly publicKey: CryptoKey;
  readonly keyId: Bytes;
  /** PKCS #8 PEM, which TLS libraries want. */
  readonly privateKeyPem: Secret;
}

/** What a new leaf is to be. */
export interface LeafOptions {
  /** Hosts that it names, canonical or not. */
  readonly hosts: readonly string[];
  readonly key: LeafKey;
  readonly nowSec: number;
  /** Seconds from `notBefore` to `notAfter`. Default and maximum 7 days. */
  readonly lifeSec?: number | undefined;
  /** Default `serverAuth`. */
  readonly purpose?: KeyPurpose | undefined;
}

/** A signed leaf. */
export interface Leaf {
  readonly certificatePem: string;
  readonly notBeforeSec: number;
  readonly notAfterSec: number;
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const DAY_SEC = 86_400;
const MAX_LEAF_SEC = 7 * DAY_SEC;
const MAX_AUTHORITY_SEC = 3650 * DAY_SEC;
/** Clients whose clock is late accept a fresh certificate too. */
const BACKDATE_SEC = 3600;

/**
 * Makes a CA with a new key.
 *
 * @returns the CA, and its private key (PKCS #8) for the vault
 * @throws {RangeError} when the name or the life is out of bounds
 * @throws {SigError} E_TARGET when a permitted host is not one
 *
 * @example
 * ```ts
 * const { authority } = await createAuthority({ commonName: 'sig laptop 2026-01-31 4f9c', nowSec });
 * const leaf = await issueLeaf(authority, { hosts: ['jira.example.com'], key: await createLeafKey(), nowSec });
 * ```
 */
export async function createAuthority(
  options: AuthorityOptions,
): Promise<{ authority: Authority; privateKeyDer: Secret<Bytes> }> {
  const lifeSec = requireLife(options.lifeSec ?? 365 * DAY_SEC, MAX_AUTHORITY_SEC);
  const name = encodeName(options.commonName);
  const hosts = options.permittedHosts && [...new Set(options.permittedHosts.map(canonicalHost))].sort();
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const keyId = await keyIdOf(keys.publicKey);
  const notBeforeSec = Math.floor(options.nowSec) - BACKDATE_SEC;
  const der = await signCertificate({
    issuer: name,
    subject: name,
    subjectKey: keys.publicKey,
    notBeforeSec,
    notAfterSec: notBeforeSec + lifeSec,
    extensions: [
      basicConstraints(true),
      keyUsage(true),
      subjectKeyId(keyId),
      authorityKeyId(keyId),
      ...(hosts ? [nameConstraints(hosts)] : []),
    ],
  }, keys.privateKey);
  const privateKeyDer = new Secret(new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey)));
  return { authority: await openAuthority(der, privateKeyDer), privateKeyDer };
}

/**
 * Brings a CA back from what {@link createAuthority} gave. Its key cannot be exported again.
 *
 * @throws {SigError} E_CORRUPT when certificate or key is not in order, or they are not a pair
 */
export async function openAuthority(certificateDer: Bytes, privateKeyDer: Secret<Bytes>): Promise<Authority> {
  try {
    const certificate = readCertificate(certificateDer);
    const privateKey = await crypto.subtle.importKey('pkcs8', privateKeyDer.reveal(), CURVE, false, ['sign']);
    const publicKey = await crypto.subtle.importKey('spki', certificate.publicKey, CURVE, true, ['verify']);
    const probe = crypto.getRandomValues(new Uint8Array(32));
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const signature = await crypto.subtle.sign(algorithm, privateKey, probe);
    if (!await crypto.subtle.verify(algorithm, publicKey, signature, probe)) throw new TypeError('Not a key pair');
    const constraints = certificate.extensions.get(EXTENSION_OID.nameConstraints);
    return {
      certificate,
      certificatePem: encodePem('CERTIFICATE', certificateDer),
      privateKey,
      ...(constraints ? { permittedHosts: readPermittedHosts(constraints.value) } : {}),
    };
  } catch (cause) {
    throw new SigError('E_CORRUPT', 'Cannot use the proxy CA: certificate and key are not in order', { cause });
  }
}

/** Whether a leaf of this CA for that canonical host would be accepted by those who trust the CA. */
export function coversHost(authority: Authority, host: string): boolean {
  if (!authority.permittedHosts) return true;
  return authority.permittedHosts.some((permitted) =>
    host === permitted || (hostKind(permitted) === 'name' && host.endsWith(`.${permitted}`))
  );
}

/** Makes the key pair for leaves. */
export async function createLeafKey(): Promise<LeafKey> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const der = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey));
  return { publicKey, keyId: await keyIdOf(publicKey), privateKeyPem: new Secret(encodePem('PRIVATE KEY', der)) };
}

/**
 * Signs a leaf. It never outlives its CA.
 *
 * @throws {RangeError} when there is no host, or the life is out of bounds
 * @throws {SigError} E_HOST_NOT_ALLOWED when the CA is not permitted to name a host
 * @throws {SigError} E_TARGET when a host is not one
 */
export async function issueLeaf(authority: Authority, options: LeafOptions): Promise<Leaf> {
  const lifeSec = requireLife(options.lifeSec ?? MAX_LEAF_SEC, MAX_LEAF_SEC);
  const hosts = options.hosts.map(canonicalHost);
  if (hosts.length === 0) throw new RangeError('Parameter "hosts" must name at least one host');
  const foreign = hosts.find((host) => !coversHost(authority, host));
  if (foreign !== undefined) {
    throw new SigError('E_HOST_NOT_ALLOWED', `Proxy CA is not permitted to sign for host "${foreign}"`);
  }
  const { certificate } = authority;
  const notBeforeSec = Math.max(Math.floor(options.nowSec) - BACKDATE_SEC, certificate.notBeforeSec);
  const notAfterSec = Math.min(notBeforeSec + lifeSec, certificate.notAfterSec);
  const der = await signCertificate({
    issuer: certificate.subject,
    subject: leafName(hosts[0]!),
    subjectKey: options.key.publicKey,
    notBeforeSec,
    notAfterSec,
    extensions: [
      basicConstraints(false),
      keyUsage(false),
      extendedKeyUsage(options.purpose ?? 'serverAuth'),
      subjectKeyId(options.key.keyId),
      authorityKeyId(certificateKeyId(certificate)),
      subjectAltName(hosts),
    ],
  }, authority.privateKey);
  return { certificatePem: encodePem('CERTIFICATE', der), notBeforeSec, notAfterSec };
}

/**
 * Whether a leaf should be replaced: less than a fifth of its life is left, or it is not valid yet,
 * as after the clock was set back.
 */
export function isLeafDue(leaf: Leaf, nowSec: number): boolean {
  return nowSec < leaf.notBeforeSec || leaf.notAfterSec - nowSec < (leaf.notAfterSec - leaf.notBeforeSec) / 5;
}

/** OpenSSL compares a common name with the name constraints as if it were a DNS name: no address in it. */
function leafName(host: string): Bytes {
  return hostKind(host) === 'name' && host.length <= 64 ? encodeName(host) : encodeName('sig', 'organization');
}

function certificateKeyId(certificate: Certificate): Bytes {
  const value = certificate.extensions.get(EXTENSION_OID.subjectKeyId)?.value;
  if (!value) throw new SigError('E_CORRUPT', 'Cannot use the proxy CA: it has no subject key identifier');
  return readElement(value).content;
}

function requireLife(lifeSec: number, maxSec: number): number {
  if (Number.isFinite(lifeSec) && lifeSec >= 2 * BACKDATE_SEC && lifeSec <= maxSec) return Math.floor(lifeSec);
  throw new RangeError(`Parameter "lifeSec" must be ${2 * BACKDATE_SEC} to ${maxSec}`);
}
