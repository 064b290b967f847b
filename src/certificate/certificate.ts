/**
 * X.509 v3 certificates with ECDSA P-256 and SHA-256: signing and reading (RFC 5280 §4.1).
 *
 * @module
 */

import { type Bytes, randomBytes } from '../encoding/bytes.ts';
import { encodeHex } from '../encoding/hex.ts';
import {
  bitString,
  context,
  encodeElement,
  integer,
  oid,
  readChildren,
  readElement,
  readOid,
  readTime,
  sequence,
  TAG,
  time,
  utf8String,
} from './der.ts';

/** What a certificate is to say. Nothing is checked: tests make bad certificates with this too. */
export interface CertificateFields {
  /** DER of the issuer's name. */
  readonly issuer: Bytes;
  /** DER of the subject's name. */
  readonly subject: Bytes;
  readonly subjectKey: CryptoKey;
  readonly notBeforeSec: number;
  readonly notAfterSec: number;
  /** DER of each extension. */
  readonly extensions: readonly Bytes[];
}

/** A certificate, read. */
export interface Certificate {
  readonly der: Bytes;
  /** Hexadecimal. */
  readonly serial: string;
  /** DER of the issuer's name. */
  readonly issuer: Bytes;
  /** DER of the subject's name. */
  readonly subject: Bytes;
  /** DER of the subject's public key (SubjectPublicKeyInfo). */
  readonly publicKey: Bytes;
  readonly notBeforeSec: number;
  readonly notAfterSec: number;
  /** Content of each extension by its object identifier. */
  readonly extensions: ReadonlyMap<string, { readonly isCritical: boolean; readonly value: Bytes }>;
}

const ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';

/**
 * DER of a name with one attribute.
 *
 * @param text at most 64 characters (RFC 5280 appendix A, ub-common-name)
 */
export function encodeName(text: string, attribute: 'commonName' | 'organization' = 'commonName'): Bytes {
  if (text === '' || text.length > 64) throw new RangeError('Parameter "text" must have 1 to 64 characters');
  const type = oid(attribute === 'commonName' ? COMMON_NAME : ORGANIZATION);
  return sequence(encodeElement(TAG.set, sequence(type, utf8String(text))));
}

/**
 * Signs a certificate. Its serial number is 126 random bits.
 *
 * @param issuerKey ECDSA P-256 private key
 * @returns its DER
 */
export async function signCertificate(fields: CertificateFields, issuerKey: CryptoKey): Promise<Bytes> {
  const serial = randomBytes(16);
  // Always positive and always 16 bytes long (RFC 5280 §4.1.2.2 allows 20).
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', fields.subjectKey));
  const toBeSigned = sequence(
    context(0, 0xa0, integer(Uint8Array.of(2))),
    integer(serial),
    ECDSA_WITH_SHA256,
    fields.issuer,
    sequence(time(fields.notBeforeSec), time(fields.notAfterSec)),
    fields.subject,
    spki,
    context(3, 0xa0, sequence(...fields.extensions)),
  );
  const signature = new Uint8Array(await crypto.subtle.sign(ALGORITHM, issuerKey, toBeSigned));
  // Web Crypto answers r and s side by side; X.509 wants a SEQUENCE of both (RFC 3279 §2.2.3).
  const der = sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
  return sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(der));
}

/**
 * Reads a certificate. Its signature is not checked.
 *
 * @throws {TypeError} when the bytes are not a version 3 certificate in DER
 */
export function readCertificate(der: Bytes): Certificate {
  const [toBeSigned] = readChildren(readElement(der), TAG.sequence);
  const fields = toBeSigned ? readChildren(toBeSigned, TAG.sequence) : [];
  const [version, serial, , issuer, validity, subject, publicKey] = fields;
  const last = fields.at(-1);
  if (!publicKey || version?.tag !== 0xa0 || last?.tag !== 0xa3 || serial?.tag !== TAG.integer) {
    throw new TypeError('Invalid certificate: not version 3');
  }
  const [notBefore, notAfter] = readChildren(validity!, TAG.sequence);
  if (!notBefore || !notAfter) throw new TypeError('Invalid certificate: no validity');
  return {
    der,
    serial: encodeHex(serial.content),
    issuer: issuer!.raw,
    subject: subject!.raw,
    publicKey: publicKey.raw,
    notBeforeSec: readTime(notBefore),
    notAfterSec: readTime(notAfter),
    extensions: new Map(
      readChildren(readElement(last.content), TAG.sequence).map((extension) => {
        const [id, ...rest] = readChildren(extension, TAG.sequence);
        const value = rest.at(-1);
        if (!id || value?.tag !== TAG.octetString) throw new TypeError('Invalid certificate: extension');
        return [readOid(id), { isCritical: rest[0]!.tag === TAG.boolean, value: value.content }];
      }),
    ),
  };
}

/**
 * The key identifier of a public key: the first 160 bits of the SHA-256 of its bits (RFC 7093 §2,
 * method 1).
 */
export async function keyIdOf(key: CryptoKey): Promise<Bytes> {
  const spki = readElement(new Uint8Array(await crypto.subtle.exportKey('spki', key)));
  const bits = readChildren(spki, TAG.sequence)[1]!.content.subarray(1);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bits)).slice(0, 20);
}

/**
 * SHA-256 fingerprint of a certificate as people compare it: pairs of upper-case hexadecimal
 * digits with colons between.
 */
export async function fingerprintOf(der: Bytes): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', der));
  return encodeHex(hash).toUpperCase().replace(/..(?!$)/g, '$&:');
}
