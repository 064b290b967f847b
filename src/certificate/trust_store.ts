/**
 * Trust stores as Java reads them: PKCS #12 (RFC 7292) that holds certificates and nothing secret.
 *
 * @module
 */

import type { Bytes } from '../encoding/bytes.ts';
import { context, encodeElement, integer, octetString, oid, sequence, TAG } from './der.ts';

/** RFC 2315 §14. */
const DATA = oid('1.2.840.113549.1.7.1');
/** RFC 7292 §4.2.3. */
const CERT_BAG = oid('1.2.840.113549.1.12.10.1.3');
/** RFC 2985 §5.7.2: the certificate types of PKCS #9. */
const X509_CERTIFICATE = oid('1.2.840.113549.1.9.22.1');
/**
 * Oracle's attribute that makes a certificate one to trust: without it, Java takes a certificate for one of
 * a chain whose private key lies elsewhere, and skips it.
 */
const TRUSTED_KEY_USAGE = oid('2.16.840.1.113894.746875.1.1');
/** RFC 5280 §4.2.1.12. */
const ANY_KEY_PURPOSE = oid('2.5.29.37.0');

const TRUSTED = encodeElement(TAG.set, sequence(TRUSTED_KEY_USAGE, encodeElement(TAG.set, ANY_KEY_PURPOSE)));

/**
 * A trust store in PKCS #12, neither encrypted nor authenticated: who could change it could as well replace it,
 * and its certificates are public. Java opens it with any password, or none.
 *
 * @param certificates DER of each
 */
export function encodeTrustStore(certificates: readonly Uint8Array[]): Bytes {
  const bags = certificates.map((certificate) => {
    const bag = sequence(X509_CERTIFICATE, context(0, 0xa0, octetString(certificate)));
    return sequence(CERT_BAG, context(0, 0xa0, bag), TRUSTED);
  });
  const authenticatedSafe = sequence(content(sequence(...bags)));
  // RFC 7292 §4: version 3, the contents, and no MacData.
  return sequence(integer(Uint8Array.of(3)), content(authenticatedSafe));
}

/** A ContentInfo of the type "data" (RFC 2315 §7). */
function content(bytes: Uint8Array): Bytes {
  return sequence(DATA, context(0, 0xa0, octetString(bytes)));
}
