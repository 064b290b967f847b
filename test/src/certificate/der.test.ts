import { expect, test } from 'vitest';
import {
  bitString,
  boolean,
  context,
  integer,
  octetString,
  oid,
  readChildren,
  readElement,
  readOid,
  readTime,
  sequence,
  TAG,
  time,
  utf8String,
} from '../../../src/certificate/der.ts';
import { equalBytes } from '../../../src/encoding/bytes.ts';
import { decodeHex, encodeHex } from '../../../src/encoding/hex.ts';

test.each([
  ['00', '020100'],
  ['', '020100'],
  ['7f', '02017f'],
  ['80', '02020080'],
  ['0000ff', '020200ff'],
  ['0100', '02020100'],
])('integer(%j) is the shortest non-negative form', (magnitude, expected) => {
  expect(encodeHex(integer(decodeHex(magnitude)))).toBe(expected);
});

// Reference values: ITU-T X.690 §8.19.5 and the OIDs as other tools print them.
test.each([
  ['2.5.29.17', '0603551d11'],
  ['1.2.840.10045.4.3.2', '06082a8648ce3d040302'],
  ['1.3.6.1.5.5.7.3.1', '06082b06010505070301'],
  ['2.999.3', '0603883703'],
  ['0.9.2342', '0603099226'],
])('oid(%j) and readOid() agree with the standard', (dotted, expected) => {
  expect(encodeHex(oid(dotted))).toBe(expected);
  expect(readOid(readElement(oid(dotted)))).toBe(dotted);
});

test.each([
  [0, '170d3730303130313030303030305a'],
  [2524607999, '170d3439313233313233353935395a'],
  [2524608000, '180f32303530303130313030303030305a'],
])('time(%d) changes its form at the year 2050', (epochSec, expected) => {
  expect(encodeHex(time(epochSec))).toBe(expected);
  expect(readTime(readElement(time(epochSec)))).toBe(epochSec);
});

test.each([0, 1, 127, 128, 255, 256, 65535, 65536])('octetString() of %d bytes reads back', (length) => {
  const element = readElement(octetString(new Uint8Array(length).fill(7)));
  expect(element.tag).toBe(TAG.octetString);
  expect(equalBytes(element.content, new Uint8Array(length).fill(7))).toBe(true);
});

test('sequence(), bitString(), boolean(), utf8String() and context() nest and read back', () => {
  const parts = [bitString(Uint8Array.of(6), 1), boolean(true), utf8String('é'), context(3, 0xa0, boolean(false))];
  const children = readChildren(readElement(sequence(...parts)), TAG.sequence);
  expect(children.map((child) => encodeHex(child.raw))).toEqual(['03020106', '0101ff', '0c02c3a9', 'a303010100']);
});

test.each([
  ['nothing', ''],
  ['a tag alone', '30'],
  ['a length that reaches too far', '0402ff'],
  ['a length in BER, not in its shortest form', '04810100'],
  ['an indefinite length', '30800000'],
  ['a length of five bytes', '04850000000001'],
  ['a length that is cut off', '0482ff'],
  ['a tag number above 30', '1f8101'],
  ['bytes after the element', '04010000'],
])('readElement() refuses %s', (_name, hex) => {
  expect(() => readElement(decodeHex(hex))).toThrow(TypeError);
});

test('readChildren() refuses another tag and content that is cut off', () => {
  expect(() => readChildren(readElement(octetString(new Uint8Array())), TAG.sequence)).toThrow(TypeError);
  expect(() => readChildren(readElement(decodeHex('30020405')))).toThrow(TypeError);
});

test.each(['0600', '06018a', '040155'])('readOid() refuses %j', (hex) => {
  expect(() => readOid(readElement(decodeHex(hex)))).toThrow(TypeError);
});

test.each([
  ['local time', '17113730303130313030303030302b30303030'],
  ['no seconds', '170b373030313031303030305a'],
  ['a thirteenth month', '170d3730313330313030303030305a'],
  ['another type', '04023030'],
])('readTime() refuses %s', (_name, hex) => {
  expect(() => readTime(readElement(decodeHex(hex)))).toThrow(TypeError);
});
