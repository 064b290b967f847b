import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import {
  type CertificateFields,
  encodeName,
  fingerprintOf,
  keyIdOf,
  readCertificate,
  signCertificate,
} from '../../../src/certificate/certificate.ts';
import { EXTENSION_OID, subjectAltName } from '../../../src/certificate/extension.ts';
import type { Bytes } from '../../../src/encoding/bytes.ts';

const FROM_SEC = 1_700_000_000;
let keys: CryptoKeyPair;
let fields: CertificateFields;
let der: Bytes;

beforeAll(async () => {
  keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  fields = {
    issuer: encodeName('issuer'),
    subject: encodeName('subject'),
    subjectKey: keys.publicKey,
    notBeforeSec: FROM_SEC,
    notAfterSec: FROM_SEC + 3600,
    extensions: [subjectAltName(['a.example'])],
  };
  der = await signCertificate(fields, keys.privateKey);
});

test('signCertificate() makes what node:crypto reads, with a signature that fits the key', async () => {
  const read = new X509Certificate(Buffer.from(der));
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
  expect(read.subject).toBe('CN=subject');
  expect(read.issuer).toBe('CN=issuer');
  expect(read.subjectAltName).toBe('DNS:a.example');
  expect(Date.parse(read.validFrom) / 1000).toBe(FROM_SEC);
  expect(read.publicKey.export({ type: 'spki', format: 'der' }).equals(spki)).toBe(true);
  expect(read.verify(read.publicKey)).toBe(true);
});

test('signCertificate() keeps its form for every shape of signature and serial', async () => {
  const { publicKey } = new X509Certificate(Buffer.from(der));
  for (let round = 0; round < 200; round++) {
    const read = new X509Certificate(Buffer.from(await signCertificate(fields, keys.privateKey)));
    expect(read.verify(publicKey)).toBe(true);
  }
});

test('T8: signCertificate() draws a positive serial number of 126 random bits', async () => {
  const serials = new Set<string>();
  for (let round = 0; round < 50; round++) {
    serials.add(readCertificate(await signCertificate(fields, keys.privateKey)).serial);
  }
  expect(serials.size).toBe(50);
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
});

test('readCertificate() reads what signCertificate() wrote', async () => {
  const certificate = readCertificate(der);
  expect(certificate.issuer).toEqual(fields.issuer);
  expect(certificate.subject).toEqual(fields.subject);
  expect(certificate.publicKey).toEqual(new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey)));
  expect([certificate.notBeforeSec, certificate.notAfterSec]).toEqual([FROM_SEC, FROM_SEC + 3600]);
  expect(certificate.extensions.get(EXTENSION_OID.subjectAltName)?.isCritical).toBe(false);
  expect(certificate.serial).toBe(new X509Certificate(Buffer.from(der)).serialNumber.toLowerCase());
});

test('readCertificate() refuses every truncation', () => {
  for (let length = 0; length < der.length; length++) {
    expect(() => readCertificate(der.slice(0, length))).toThrow(TypeError);
  }
});

test('readCertificate() answers changed bytes with a certificate or a TypeError, nothing else', () => {
  for (let at = 0; at < der.length; at++) {
    for (const bit of [1, 0x20, 0x80]) {
      const changed = der.slice();
      changed[at] = changed[at]! ^ bit;
      try {
        readCertificate(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }
  }
});

test.each(['', 'x'.repeat(65)])('encodeName(%j) is refused', (text) => {
  expect(() => encodeName(text)).toThrow(RangeError);
});

test('keyIdOf() is 160 bits and differs between keys', async () => {
  const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  expect(await keyIdOf(keys.publicKey)).toHaveLength(20);
  expect(await keyIdOf(keys.publicKey)).not.toEqual(await keyIdOf(other.publicKey));
});

test('fingerprintOf() is the SHA-256 fingerprint that other tools print', async () => {
  expect(await fingerprintOf(der)).toBe(new X509Certificate(Buffer.from(der)).fingerprint256);
});
