import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { formsOf, markOf, plainForm } from '../../../src/redact/form.ts';
import { createMatcher } from '../../../src/redact/matcher.ts';
import { makeCanary } from '../../_lib/canary.ts';

test('R3: formsOf() leaves at most two characters of base64 on each side', () => {
  const secret = makeCanary();
  const matcher = createMatcher({ needles: formsOf(secret, 'p'), fields: [] });
  for (let before = 0; before < 6; before++) {
    for (let after = 0; after < 6; after++) {
      const text = Buffer.from('x'.repeat(before) + secret + 'y'.repeat(after)).toString('base64');
      const [left, right] = Buffer.from(matcher.redact(Buffer.from(text))).toString().split('[sig:redacted:p]');
      expect(left!.length).toBeLessThanOrEqual(Math.ceil((before * 4) / 3) + 1);
      expect(right!.replace(/=+$/, '').length).toBeLessThanOrEqual(Math.ceil((after * 4) / 3) + 1);
    }
  }
});

test('formsOf() has a mark that keeps UTF-16 readable', () => {
  for (const secret of [makeCanary(), 'pässwörd-日本']) {
    const matcher = createMatcher({ needles: formsOf(secret, 'p'), fields: [] });
    const little = Buffer.from(`a "${secret}" b`, 'utf16le');
    expect(Buffer.from(matcher.redact(little)).toString('utf16le')).toBe('a "[sig:redacted:p]" b');
    const big = Buffer.from(`a "${secret}" b`, 'utf16le').swap16();
    expect(Buffer.from(matcher.redact(big)).swap16().toString('utf16le')).toBe('a "[sig:redacted:p]" b');
  }
});

test('formsOf() knows a secret with accents as UTF-8 and as Latin-1', () => {
  const matcher = createMatcher({ needles: formsOf('pässwörd-1', 'p'), fields: [] });
  for (const encoding of ['utf8', 'latin1'] as const) {
    for (
      const bytes of [
        Buffer.from('pässwörd-1', encoding),
        Buffer.from(Buffer.from('pässwörd-1', encoding).toString('hex')),
      ]
    ) {
      expect(Buffer.from(matcher.redact(bytes)).toString()).toBe('[sig:redacted:p]');
    }
  }
});

test('formsOf() has no form so short that it would be found by chance', () => {
  for (const form of formsOf('abcdefgh', 'p')) expect(form.bytes.length).toBeGreaterThanOrEqual(8);
});

test('plainForm() is the text itself, and markOf() names the provider', () => {
  expect(Buffer.from(plainForm('secret', 'x').bytes).toString()).toBe('secret');
  expect(markOf('jira-example')).toBe('[sig:redacted:jira-example]');
});
