/**
 * OCSP responses (RFC 6960 §4.2.1) as servers staple them to a TLS handshake: reading only.
 *
 * The signature of a response is not looked at. What is read here can only make us refuse a server, and whoever can
 * put something into its handshake holds the key of its certificate; "good" is worth no more than silence.
 *
 * @module
 */

import type { Bytes } from '../encoding/bytes.ts';
import { encodeHex } from '../encoding/hex.ts';
import { type DerElement, readChildren, readElement, readOid, readTime, TAG } from './der.ts';

/** What a response says of one certificate. */
export interface StapledStatus {
  /** Hexadecimal, as in a `Certificate`. */
  readonly serial: string;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Seconds since 1970 from which this is known to be so. */
  readonly thisUpdateSec: number;
  /** Seconds since 1970 until when it may be relied on; absent: there is always something newer to be had. */
  readonly nextUpdateSec: number | undefined;
}

const ENUMERATED = 0x0a;
const SUCCESSFUL = 0;
/** id-pkix-ocsp-basic. */
const BASIC = '1.3.6.1.5.5.7.48.1.1';
/** RFC 6960 §4.2.1, CertStatus: tags and forms. */
const STATUS: Readonly<Record<number, StapledStatus['status']>> = { 0x80: 'good', 0xa1: 'revoked', 0x82: 'unknown' };
/** How far the responder's clock may be ahead of ours, in seconds. */
const SKEW_SEC = 300;

/**
 * Reads a response; one that says "try later" and the like holds nothing.
 *
 * @throws {TypeError} when the bytes are not a basic OCSP response in DER
 */
export function readOcspResponse(der: Bytes): StapledStatus[] {
  const [responseStatus, bytes] = readChildren(readElement(der), TAG.sequence);
  if (responseStatus?.tag !== ENUMERATED || responseStatus.content.length !== 1) throw invalid('no status');
  if (responseStatus.content[0] !== SUCCESSFUL) return [];
  const [type, response] = readChildren(only(bytes, 0xa0), TAG.sequence);
  if (type === undefined || readOid(type) !== BASIC) throw invalid('not a basic one');
  if (response?.tag !== TAG.octetString) throw invalid('no response');
  const [data] = readChildren(readElement(response.content), TAG.sequence);
  if (data === undefined) throw invalid('no data');
  const fields = readChildren(data, TAG.sequence);
  // The version has a default, and is left out then.
  const [responder, producedAt, responses] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  if ((responder?.tag !== 0xa1 && responder?.tag !== 0xa2) || producedAt?.tag !== TAG.generalizedTime || !responses) {
    throw invalid('data');
  }
  return readChildren(responses, TAG.sequence).map(readSingle);
}

/**
 * Whether a stapled response says that a certificate is revoked, and may be relied on now. One that cannot be read,
 * is out of date, or speaks of other certificates says nothing.
 *
 * @param serial of the certificate, hexadecimal in any case
 * @param nowSec seconds since 1970
 */
export function saysRevoked(der: Bytes, serial: string, nowSec: number): boolean {
  let statuses: readonly StapledStatus[];
  try {
    statuses = readOcspResponse(der);
  } catch {
    return false; // As if it were not there: servers staple all sorts of things.
  }
  const wanted = plainSerial(serial);
  return statuses.some(({ serial: its, status, thisUpdateSec, nextUpdateSec = Infinity }) =>
    status === 'revoked' && plainSerial(its) === wanted &&
    // RFC 6960 §2.4: what is not in force yet, or no longer, is unreliable.
    thisUpdateSec <= nowSec + SKEW_SEC && nowSec <= nextUpdateSec
  );
}

function readSingle(element: DerElement): StapledStatus {
  const [id, status, thisUpdate, ...rest] = readChildren(element, TAG.sequence);
  if (id === undefined || status === undefined || thisUpdate?.tag !== TAG.generalizedTime) throw invalid('status');
  const known = STATUS[status.tag];
  if (known === undefined) throw invalid('unknown status');
  const [, nameHash, keyHash, serial, ...more] = readChildren(id, TAG.sequence);
  const isId = nameHash?.tag === TAG.octetString && keyHash?.tag === TAG.octetString && serial?.tag === TAG.integer;
  if (!isId || serial.content.length === 0 || more.length > 0) throw invalid('certificate id');
  const next = rest[0]?.tag === 0xa0 ? rest[0] : undefined;
  return {
    serial: encodeHex(serial.content),
    status: known,
    thisUpdateSec: readTime(thisUpdate),
    nextUpdateSec: next && readTime(only(next, 0xa0)),
  };
}

/** The one element inside an explicitly tagged one. */
function only(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw invalid('something is missing');
  return readElement(element.content);
}

/** Without the zeros in front, which some leave out and DER demands of a high first bit. */
function plainSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, '');
}

function invalid(why: string): TypeError {
  return new TypeError(`Invalid OCSP response: ${why}`);
}
