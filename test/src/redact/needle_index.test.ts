import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { EXACT, HEX, type Needle } from '../../../src/redact/needle.ts';
import { ANCHOR, FIRST, indexNeedles, INNER, MARK, pairOf, tripleOf } from '../../../src/redact/needle_index.ts';

function needleOf(text: string, alphabet = EXACT): Needle {
  return { bytes: encodeUtf8(text), alphabet, provider: 'p', mark: encodeUtf8('[p]') };
}

const pair = (text: string) => pairOf(text.charCodeAt(0), text.charCodeAt(1));
const triple = (text: string) => tripleOf(pair(text), text.charCodeAt(2));

test('pairOf() is what a Uint16Array shows', () => {
  const bytes = encodeUtf8('abcdef');
  expect([...new Uint16Array(bytes.buffer)]).toEqual([pair('ab'), pair('cd'), pair('ef')]);
});

test('indexNeedles() flags both pairs of an anchor, so that one is seen at every alignment', () => {
  const text = 'the plain secret is x7Qz9 here';
  const { flags, anchors, reach } = indexNeedles([needleOf(text)]);
  const offsets = [...anchors.values()].flat().map(({ offset }) => offset).sort((a, b) => a - b);
  expect(offsets).toHaveLength(2);
  expect(offsets[1]).toBe(offsets[0]! + 1);
  for (const offset of offsets) {
    expect(flags[pair(text.slice(offset))]! & ANCHOR).toBe(ANCHOR);
    expect(anchors.get(triple(text.slice(offset)))).toMatchObject([{ offset }]);
  }
  expect(reach).toBe(offsets[0]! + 4);
});

test('indexNeedles() chooses an anchor that is rare in text, near the beginning', () => {
  const { anchors, reach } = indexNeedles([needleOf('tokenQ7_Zeeeeeeeeeeeeeeeeeeeeeeeeeeeeee')]);
  expect([...anchors.values()].flat().map(({ offset }) => offset).sort()).toEqual([6, 7]);
  expect(reach).toBeLessThanOrEqual(20);
});

test('indexNeedles() lists needles by their first bytes in every spelling', () => {
  const hex = needleOf('ab34567890', HEX);
  const { byByte, byPair, byTriple, flags } = indexNeedles([hex]);
  for (const first of ['ab3', 'Ab3', 'aB3', 'AB3']) {
    expect(byTriple.get(triple(first))).toEqual([hex]);
    expect(byPair.get(pair(first))).toEqual([hex]);
    expect(byByte[first.charCodeAt(0)]).toEqual([hex]);
    expect(flags[pair(first)]! & (FIRST | INNER)).toBe(FIRST | INNER);
  }
});

test('indexNeedles() flags each pair in which an escape or a line break may matter', () => {
  const { flags } = indexNeedles([needleOf('abcdefgh')]);
  const isMarked = (text: string) => (flags[pair(text)]! & MARK) !== 0;
  for (const text of ['%6', '\\u', '&#', '=6', '=\r', 'x%', 'x\\', 'x&', 'x=', 'a\n', '\na', '\r\n', 'a\r', '%%']) {
    expect([text, isMarked(text)]).toEqual([text, true]);
  }
  for (const text of ['ab', '% ', '%4', '&q', '="', ',\n', '\n ', '\\"', '& ', '  ']) {
    expect([text, isMarked(text)]).toEqual([text, false]);
  }
});
