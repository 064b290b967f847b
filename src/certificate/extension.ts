/**
 * The X.509 extensions that our certificates carry (RFC 5280 §4.2.1).
 *
 * @module
 */

import type { Bytes } from '../encoding/bytes.ts';
import { encodeUtf8 } from '../encoding/bytes.ts';
import { addressBytes } from '../target/address.ts';
import { canonicalHost, hostKind } from '../target/host.ts';
import {
  bitString,
  boolean,
  context,
  type DerElement,
  integer,
  octetString,
  oid,
  readChildren,
  readElement,
  sequence,
  TAG,
} from './der.ts';

/** Object identifiers of the extensions. */
export const EXTENSION_OID = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** What an end-entity key may be used for: to be a TLS server, or a TLS client. */
export type KeyPurpose = 'serverAuth' | 'clientAuth';

const PURPOSE_OID: Record<KeyPurpose, string> = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' };
const GENERAL_NAME = { dns: 2, ip: 7 } as const;

/** Basic constraints, critical: a CA that signs end entities only, or an end entity. */
export function basicConstraints(isCa: boolean): Bytes {
  const content = isCa ? [boolean(true), integer(Uint8Array.of(0))] : [];
  return extension(EXTENSION_OID.basicConstraints, true, sequence(...content));
}

/** Key usage, critical: signing certificates and CRLs for a CA, signatures for an end entity. */
export function keyUsage(isCa: boolean): Bytes {
  // Bits from the left: digitalSignature 0, keyCertSign 5, cRLSign 6.
  const bits = isCa ? bitString(Uint8Array.of(0b0000_0110), 1) : bitString(Uint8Array.of(0b1000_0000), 7);
  return extension(EXTENSION_OID.keyUsage, true, bits);
}

/** Extended key usage. */
export function extendedKeyUsage(purpose: KeyPurpose): Bytes {
  return extension(EXTENSION_OID.extendedKeyUsage, false, sequence(oid(PURPOSE_OID[purpose])));
}

/** Subject key identifier. */
export function subjectKeyId(id: Uint8Array): Bytes {
  return extension(EXTENSION_OID.subjectKeyId, false, octetString(id));
}

/** Authority key identifier. */
export function authorityKeyId(id: Uint8Array): Bytes {
  return extension(EXTENSION_OID.authorityKeyId, false, sequence(context(0, 0x80, id)));
}

/**
 * Subject alternative names: a DNS name or an IP address each, as fits.
 *
 * @param hosts canonical hosts; `*.` may stand before a name
 */
export function subjectAltName(hosts: readonly string[]): Bytes {
  const names = hosts.map((host) =>
    hostKind(host) === 'name'
      ? context(GENERAL_NAME.dns, 0x80, encodeUtf8(host))
      : context(GENERAL_NAME.ip, 0x80, addressBytes(host))
  );
  return extension(EXTENSION_OID.subjectAltName, false, sequence(...names));
}

/**
 * Name constraints, critical: certificates below may name these hosts and no other. X.509 cannot
 * say "this name without its subdomains": a permitted name covers what ends in it as well.
 *
 * A kind of name of which nothing is permitted is excluded as a whole, since a constraint on one
 * kind says nothing about another (CA/Browser Forum baseline requirements §7.1.2.5.2 do the same).
 *
 * @param hosts canonical hosts
 */
export function nameConstraints(hosts: readonly string[]): Bytes {
  const names = hosts.filter((host) => hostKind(host) === 'name');
  const addresses = hosts.filter((host) => hostKind(host) !== 'name').map(addressBytes);
  const dns = (name: string) => sequence(context(GENERAL_NAME.dns, 0x80, encodeUtf8(name)));
  const range = (address: Uint8Array, maskByte: number) =>
    sequence(context(GENERAL_NAME.ip, 0x80, address, new Uint8Array(address.length).fill(maskByte)));
  const permitted = [...names.map(dns), ...addresses.map((address) => range(address, 0xff))];
  const excluded = [
    ...(names.length === 0 ? [dns('')] : []),
    ...(addresses.length === 0 ? [range(new Uint8Array(4), 0), range(new Uint8Array(16), 0)] : []),
  ];
  return extension(
    EXTENSION_OID.nameConstraints,
    true,
    sequence(
      ...(permitted.length === 0 ? [] : [context(0, 0xa0, ...permitted)]),
      ...(excluded.length === 0 ? [] : [context(1, 0xa0, ...excluded)]),
    ),
  );
}

/**
 * The hosts that a name constraints extension permits, canonical and sorted.
 *
 * @param value content of the extension
 * @throws {TypeError} when it is not as {@link nameConstraints} writes it
 */
export function readPermittedHosts(value: Bytes): string[] {
  const permitted = readChildren(readElement(value), TAG.sequence).find((element) => element.tag === 0xa0);
  if (!permitted) return [];
  return readChildren(permitted).map((subtree) => readHost(readChildren(subtree, TAG.sequence)[0])).sort();
}

function readHost(name: DerElement | undefined): string {
  if (name?.tag === (0x80 | GENERAL_NAME.dns)) return canonicalHost(String.fromCharCode(...name.content));
  const half = (name?.content.length ?? 0) / 2;
  if (name?.tag !== (0x80 | GENERAL_NAME.ip) || (half !== 4 && half !== 16)) {
    throw new TypeError('Invalid name constraint: neither a DNS name nor an address');
  }
  const address = [...name.content.subarray(0, half)];
  if (half === 4) return address.join('.');
  const words = address.flatMap((byte, i) => (i % 2 === 0 ? [(byte << 8) | address[i + 1]!] : []));
  return canonicalHost(`[${words.map((word) => word.toString(16)).join(':')}]`);
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Bytes {
  // DER leaves out a value that is the default, here "not critical".
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octetString(value));
}
