import { expect, test } from 'vitest';
import {
  AUTHORITY,
  CLASS,
  consistsOf,
  METHOD,
  OBS_TEXT,
  skipBytes,
  TARGET,
  TEXT,
  TOKEN,
} from '../../../src/http1/characters.ts';

function membersOf(bits: number): string {
  return Array.from({ length: 256 }, (_, code) => code).filter((code) => (CLASS[code]! & bits) !== 0)
    .map((code) => String.fromCharCode(code)).join('');
}

test('CLASS has the sets of RFC 9110', () => {
  expect(membersOf(TOKEN)).toMatch(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{77}$/);
  expect(membersOf(TEXT)).toMatch(/^[\t\x20-\x7e]{96}$/);
  expect(membersOf(OBS_TEXT)).toMatch(/^[\x80-\xff]{128}$/);
  expect(membersOf(TARGET)).toMatch(/^[\x21\x22\x24-\x7e]{93}$/);
  expect(membersOf(METHOD)).toMatch(/^[A-Za-z_-]{54}$/);
  expect(membersOf(AUTHORITY)).toMatch(/^[A-Za-z0-9.:[\]-]{67}$/);
});

test.each(['', 'a b', 'ä', '\u{100}', 'a\n'])('consistsOf(%j) is false for tokens', (text) => {
  expect(consistsOf(text, TOKEN)).toBe(false);
});

test('consistsOf() is true for a token', () => {
  expect(consistsOf('X-Request-Id', TOKEN)).toBe(true);
});

test('skipBytes() stops at the first byte that is not of the class, wherever it stands', () => {
  for (let length = 0; length < 20; length++) {
    for (let at = 0; at <= length; at++) {
      const bytes = new Uint8Array(24).fill(0x41);
      bytes[2 + at] = 0x80;
      expect(skipBytes(bytes, 2, 2 + length, TEXT)).toBe(2 + at);
    }
  }
  expect(skipBytes(new Uint8Array(9).fill(0x41), 9, 9, TEXT)).toBe(9);
});
