import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { EXACT, type Needle } from '../../../src/redact/needle.ts';
import { indexNeedles } from '../../../src/redact/needle_index.ts';
import { MAX_BUDGET, scan } from '../../../src/redact/scan.ts';

const NEEDLES = ['x7Qz-secret', 'secret-value', 'secret-value-2'].map((text): Needle => (
  { bytes: encodeUtf8(text), alphabet: EXACT, provider: text, mark: encodeUtf8('*') }
));
const INDEX = indexNeedles(NEEDLES);

function spansIn(text: string, final = true) {
  const { spans, pending } = scan(INDEX, encodeUtf8(text), final);
  const found = spans.map(({ start, end, needle }) => `${start}-${end} ${needle.provider}`);
  return { spans: [...new Set(found)].sort(), pending };
}

test('scan() finds needles that overlap and begin together', () => {
  expect(spansIn('x7Qz-secret-value-2')).toEqual({
    spans: ['0-11 x7Qz-secret', '5-17 secret-value', '5-19 secret-value-2'],
    pending: 19,
  });
});

test('scan() tells where the first undecided needle begins', () => {
  expect(spansIn('the secret', false).pending).toBe(4);
  expect(spansIn('the secret-value', false)).toMatchObject({ spans: ['4-16 secret-value'], pending: 4 });
  expect(spansIn('the secret-value!', false)).toMatchObject({ spans: ['4-16 secret-value'], pending: 17 });
  expect(spansIn('x', false).pending).toBe(0);
  expect(spansIn('x!', false).pending).toBe(2);
  expect(spansIn('!%', false).pending).toBe(1);
  expect(spansIn('!%7', false).pending).toBe(1);
  expect(spansIn('the secret', true).pending).toBe(10);
});

test('scan() finds a needle whose first escape stands at any of its characters', () => {
  const text = 'secret-value';
  for (let i = 0; i < text.length; i++) {
    const escaped = `&#${text.charCodeAt(i)};`;
    const spelled = `<${text.slice(0, i)}${escaped}${text.slice(i + 1)}>`;
    expect(spansIn(spelled).spans).toEqual([`1-${spelled.length - 1} secret-value`]);
    expect(spansIn(`\\${spelled}`).spans).toEqual([`2-${spelled.length} secret-value`]);
  }
});

test('scan() finds nothing in nothing', () => {
  expect(spansIn('')).toEqual({ spans: [], pending: 0 });
  expect(spansIn('', false)).toEqual({ spans: [], pending: 0 });
});

test('scan() spends its budget on what looks like a needle, and earns some with each byte', () => {
  const clean = scan(INDEX, encodeUtf8('nothing'), true, 0);
  expect(clean.budget).toBeGreaterThan(0);
  const busy = scan(INDEX, encodeUtf8('secret-valu '.repeat(50)), true, MAX_BUDGET);
  expect(busy.budget).toBeLessThanOrEqual(MAX_BUDGET);
  expect(busy.budget).toBeGreaterThan(MAX_BUDGET - 10_000);
});
