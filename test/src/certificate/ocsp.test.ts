import { expect, test } from 'vitest';
import {
  bitString,
  context,
  encodeElement,
  integer,
  octetString,
  oid,
  sequence,
  TAG,
} from '../../../src/certificate/der.ts';
import { readOcspResponse, saysRevoked } from '../../../src/certificate/ocsp.ts';
import { type Bytes, encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { decodeHex } from '../../../src/encoding/hex.ts';

const NOW_SEC = Date.UTC(2026, 10, 22) / 1000;
const DAY_SEC = 86_400;

const gt = (epochSec: number): Bytes =>
  encodeElement(
    TAG.generalizedTime,
    encodeUtf8(new Date(epochSec * 1000).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')),
  );
const GOOD = encodeElement(0x80);
const REVOKED = encodeElement(0xa1, gt(NOW_SEC - DAY_SEC));
const UNKNOWN = encodeElement(0x82);

interface Parts {
  readonly serial?: string;
  readonly status?: Bytes;
  readonly fromSec?: number;
  readonly untilSec?: number | undefined;
}

function single({ serial = '0a1b', status = REVOKED, fromSec = NOW_SEC - 60, ...rest }: Parts = {}): Bytes {
  const untilSec = 'untilSec' in rest ? rest.untilSec : NOW_SEC + DAY_SEC;
  return sequence(
    sequence(
      sequence(oid('1.3.14.3.2.26')),
      octetString(new Uint8Array(20)),
      octetString(new Uint8Array(20)),
      encodeElement(TAG.integer, decodeHex(serial)),
    ),
    status,
    gt(fromSec),
    ...(untilSec === undefined ? [] : [context(0, 0xa0, gt(untilSec))]),
  );
}

function basic(...singles: Bytes[]): Bytes {
  const data = sequence(context(2, 0xa0, octetString(new Uint8Array(20))), gt(NOW_SEC), sequence(...singles));
  return sequence(data, sequence(oid('1.2.840.10045.4.3.2')), bitString(new Uint8Array(8)));
}

function response(its: Bytes, type = '1.3.6.1.5.5.7.48.1.1'): Bytes {
  return sequence(encodeElement(0x0a, Uint8Array.of(0)), context(0, 0xa0, sequence(oid(type), octetString(its))));
}

test('readOcspResponse() reads what is said of each certificate', () => {
  const der = response(basic(single(), single({ serial: '02', status: GOOD, untilSec: undefined })));
  expect(readOcspResponse(der)).toEqual([
    { serial: '0a1b', status: 'revoked', thisUpdateSec: NOW_SEC - 60, nextUpdateSec: NOW_SEC + DAY_SEC },
    { serial: '02', status: 'good', thisUpdateSec: NOW_SEC - 60, nextUpdateSec: undefined },
  ]);
});

test.each([1, 2, 3, 5, 6])('readOcspResponse() finds nothing in a refusal of the responder (%i)', (status) => {
  expect(readOcspResponse(sequence(encodeElement(0x0a, Uint8Array.of(status))))).toEqual([]);
});

const zeros = (count: number) => octetString(new Uint8Array(count));
test.each<[string, Bytes]>([
  ['nothing', new Uint8Array()],
  ['no DER', encodeUtf8('revoked')],
  ['an empty sequence', sequence()],
  ['bytes behind it', new Uint8Array([...response(basic(single())), 0])],
  ['a status of two bytes', sequence(encodeElement(0x0a, Uint8Array.of(0, 0)))],
  ['a status that is no enumeration', sequence(integer(Uint8Array.of(0)))],
  ['success without a response', sequence(encodeElement(0x0a, Uint8Array.of(0)))],
  ['another type', response(basic(single()), '1.3.6.1.5.5.7.48.1.2')],
  ['a response that is no sequence', response(octetString(new Uint8Array(3)))],
  ['an empty response', response(sequence())],
  ['no responder', response(sequence(sequence(gt(NOW_SEC), sequence(single()))))],
  ['no list', response(sequence(sequence(context(2, 0xa0, zeros(20)), gt(NOW_SEC))))],
  ['an unknown status', response(basic(single({ status: encodeElement(0x83) })))],
  ['no status', response(basic(sequence()))],
  ['an id without serial', response(basic(sequence(sequence(sequence(), zeros(20), zeros(20)), GOOD, gt(NOW_SEC))))],
  ['an empty serial', response(basic(single({ serial: '' })))],
  ['a local time', response(basic(sequence(single(), GOOD, encodeElement(TAG.utcTime, encodeUtf8('261122000000Z')))))],
])('readOcspResponse() refuses %s, and saysRevoked() says no', (_name, der) => {
  expect(() => readOcspResponse(der)).toThrow(TypeError);
  expect(saysRevoked(der, '0a1b', NOW_SEC)).toBe(false);
});

test('readOcspResponse() refuses every response that is cut short', () => {
  const der = response(basic(single()));
  for (let length = 0; length < der.length; length++) {
    expect(() => readOcspResponse(der.slice(0, length))).toThrow(TypeError);
  }
});

test.each(['0A1B', '0a1b', 'a1b', '000A1B'])(
  'T3: saysRevoked() knows the serial however it is written: %s',
  (serial) => {
    expect(saysRevoked(response(basic(single())), serial, NOW_SEC)).toBe(true);
  },
);

test.each<[string, Parts]>([
  ['a good certificate', { status: GOOD }],
  ['an unknown one', { status: UNKNOWN }],
  ['another serial', { serial: '0a1c' }],
  ['a longer serial', { serial: '0a1b00' }],
  ['what is out of date', { fromSec: NOW_SEC - 2 * DAY_SEC, untilSec: NOW_SEC - 1 }],
  ['what is not in force yet', { fromSec: NOW_SEC + 3600 }],
])('T3: saysRevoked() says no for %s', (_name, parts) => {
  expect(saysRevoked(response(basic(single(parts))), '0a1b', NOW_SEC)).toBe(false);
});

test('T3: saysRevoked() takes a responder whose clock is a little ahead, and one that names no end', () => {
  expect(saysRevoked(response(basic(single({ fromSec: NOW_SEC + 60 }))), '0a1b', NOW_SEC)).toBe(true);
  expect(saysRevoked(response(basic(single({ untilSec: undefined }))), '0a1b', NOW_SEC + 9 * DAY_SEC)).toBe(true);
  expect(saysRevoked(response(basic(single({ status: GOOD }), single())), '0a1b', NOW_SEC)).toBe(true);
});
