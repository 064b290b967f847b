import { expect, test } from 'vitest';
import { BASE64, EXACT, HEX } from '../../../src/redact/needle.ts';

test.each([EXACT, HEX, BASE64])('alphabet $name: all bytes that count as the same have the same fold', (alphabet) => {
  for (let byte = 0; byte < 256; byte++) {
    expect(alphabet.spellings[byte]).toContain(byte);
    for (const other of alphabet.spellings[byte]!) expect(alphabet.fold[other]).toBe(alphabet.fold[byte]);
  }
});

test('HEX takes both cases, BASE64 both alphabets, EXACT nothing but the byte', () => {
  const spelled = (alphabet: typeof EXACT, text: string) =>
    alphabet.spellings[text.charCodeAt(0)]!.map((byte) => String.fromCharCode(byte)).sort().join('');
  expect([spelled(HEX, 'a'), spelled(HEX, 'F'), spelled(HEX, 'g'), spelled(HEX, '1')]).toEqual(['Aa', 'Ff', 'g', '1']);
  expect([spelled(BASE64, '+'), spelled(BASE64, '_'), spelled(BASE64, 'a')]).toEqual(['+-', '/_', 'a']);
  expect([spelled(EXACT, 'a'), spelled(EXACT, '+')]).toEqual(['a', '+']);
});
