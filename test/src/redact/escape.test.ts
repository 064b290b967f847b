import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { followersOf, MARKER, mayEscape, MORE, NONE, readCode, SOFT_BREAK } from '../../../src/redact/escape.ts';

const ALL = new Uint8Array(256).fill(1);

function read(text: string, depth = 1, final = true): [code: number, next: number] {
  const cursor = { bytes: encodeUtf8(text), final, next: 0 };
  const code = readCode(cursor, 0, depth);
  return [code, code < 0 ? 0 : cursor.next];
}

test.each([
  ['%41', 0x41],
  ['%e2', 0xe2],
  ['%u20AC', 0x20ac],
  ['\\u0041', 0x41],
  ['\\u{41}', 0x41],
  ['\\u{01f511}', 0x1f511],
  ['\\ud83d\\udd11', 0x1f511],
  ['\\x41', 0x41],
  ['\\n', 10],
  ['\\/', 0x2f],
  ['\\"', 0x22],
  ['\\\\', 0x5c],
  ['&#65;', 0x41],
  ['&#0000000000000000000000000065;', 0x41],
  ['&#x41;', 0x41],
  ['&#X1f511;', 0x1f511],
  ['&amp;', 0x26],
  ['&lowbar;', 0x5f],
  ['=41', 0x41],
  ['=e2', 0xe2],
  ['=\r\n', SOFT_BREAK],
  ['=\n', SOFT_BREAK],
])('readCode() undoes %j', (text, code) => {
  expect(read(text)).toEqual([code, text.length]);
  expect(read(`${text}xyz`, 3)).toEqual([code, text.length]);
  expect(read(text, 0)).toEqual([text.charCodeAt(0), 1]);
});

test.each([
  '%4',
  '%4g',
  '%',
  '%u004',
  '\\u004g',
  '\\u{}',
  '\\u{110000}',
  '\\u{0000041}',
  '\\ud83d',
  '\\ud83dx',
  '\\ud83d\\u0041',
  '\\q',
  '\\',
  '&#;',
  '&#x;',
  '&#0;',
  '&#1114112;',
  `&#${'0'.repeat(40)}65;`,
  '&amp',
  '&nbsp;',
  '&veryLongNameThatIsNone;',
  '&',
  '=4',
  '=4g',
  '=\r',
  '=',
])('readCode() leaves %j alone', (text) => {
  for (const depth of [1, 2, 3]) expect(read(text, depth)).toEqual([text.charCodeAt(0), 1]);
});

test('readCode() reads a numeric reference without a semicolon as HTML parsers do', () => {
  expect(read('&#65z')).toEqual([0x41, 4]);
  expect(read('&#65')).toEqual([0x41, 4]);
  expect(read('&#x41z')).toEqual([0x41, 5]);
});

test.each([
  ['%2541', 2, 0x41],
  ['%25%34%31', 2, 0x41],
  ['%252541', 3, 0x41],
  ['&amp;#65;', 2, 0x41],
  ['&amp;amp;lt;', 3, 0x3c],
  ['\\\\u0041', 2, 0x41],
  ['\\u005cu0041', 2, 0x41],
  ['=2541', 2, 0x41],
  ['&#37;41', 2, 0x41],
  ['%26%2365%3B', 2, 0x41],
])('readCode() undoes %j with depth %i', (text, depth, code) => {
  expect(read(text, depth)).toEqual([code, text.length]);
  expect(read(text, depth - 1)[0]).not.toBe(code);
});

test.each([
  '',
  '%',
  '%4',
  '%2',
  '\\',
  '\\u',
  '\\u00',
  '\\ud83d',
  '\\ud83d\\',
  '\\x4',
  '&',
  '&#',
  '&#6',
  '&#65',
  '&am',
  '=',
  '=4',
  '=\r',
])(
  'readCode() asks for more behind %j, unless the text ends there',
  (text) => {
    expect(read(text, 1, false)).toEqual([MORE, 0]);
    expect(read(text, 3, false)).toEqual([MORE, 0]);
    expect(read(text, 1, true)[0]).not.toBe(MORE);
  },
);

test('readCode() says when there is nothing', () => {
  expect(read('')).toEqual([NONE, 0]);
});

test('followersOf() and mayEscape() never deny an escape that readCode() reads', () => {
  const text = encodeUtf8(
    '%41%u0041\\u0041\\/&#65;&#x41;&amp;&lt;&lowbar;=41=\r\n=\n%2541&amp;amp;\\\\u0041%&#52;1&#37;&#52;1=%34%31',
  );
  for (let at = 0; at < text.length; at++) {
    if (MARKER[text[at]!] !== 1) continue;
    const cursor = { bytes: text, final: true, next: 0 };
    const isEscape = [1, 2, 3].some((depth) => readCode(cursor, at, depth) !== text[at] || cursor.next !== at + 1);
    if (!isEscape) continue;
    expect([at, followersOf(text[at]!, ALL).has(text[at + 1]!), mayEscape(text, text[at]!, at + 1)]).toEqual([
      at,
      true,
      true,
    ]);
  }
});

test('mayEscape() denies what is just punctuation', () => {
  for (const text of ['="x"', '=1&yes=2', '&page=2', '&xyz=1', '% of', '%zz', '&; b', '=3;x']) {
    expect([text, mayEscape(encodeUtf8(text), text.charCodeAt(0), 1)]).toEqual([text, false]);
  }
});

test('followersOf() lets only those escapes matter that can stand for what is wanted', () => {
  const wanted = new Uint8Array(256);
  for (const character of 'aA"_ ') wanted[character.charCodeAt(0)] = 1;
  const judge = (pair: string) => followersOf(pair.charCodeAt(0), wanted).has(pair.charCodeAt(1));
  for (
    const pair of [
      '\\"',
      '\\u',
      '\\x',
      '\\n',
      '\\\\',
      '\na',
      '\r\n',
      '%6',
      '%2',
      '%u',
      '%%',
      '=4',
      '=\r',
      '=\n',
      '&#',
      '&q',
      '&l',
      '&a',
    ]
  ) {
    expect([pair, judge(pair)]).toEqual([pair, true]);
  }
  for (
    const pair of ["\\'", '\\t', '\\q', '\nb', '\n ', '\ra', '%7', '%e', '% ', '=e', '="', '=u', '&g', '&x', '& ']
  ) {
    expect([pair, judge(pair)]).toEqual([pair, false]);
  }
});
