/**
 * Redaction the slow and obvious way: every needle at every place of the whole text, each character
 * read in every way it can be. What the streaming matcher must agree with.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { constants, deflateRawSync } from 'node:zlib';
import { MAX_DEPTH } from '../../src/redact/escape.ts';
import { LINE_BREAK_AFTER } from '../../src/redact/match.ts';
import type { Matcher } from '../../src/redact/matcher.ts';
import type { Needle } from '../../src/redact/needle.ts';

/** A pseudo-random number generator, so that a failure can be repeated: 0 ≤ next() < limit. */
export type Random = (limit: number) => number;

/** The generator that begins with a seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
}

/** One way to read the text at a place: a character, and where it ends. */
interface Reading {
  readonly character: string;
  readonly next: number;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', plus: '+', sol: '/', equals: '=' };
/** What can be the beginning of an escape. */
const PARTIAL =
  /^(?:%(?:[0-9a-f]?|u[0-9a-f]{0,3})|=[0-9a-f\r]?|\\(?:u(?:[0-9a-f]{0,3}|\{[0-9a-f]{0,6})|x[0-9a-f]?)?|&(?:#(?:[0-9]{0,32}|x[0-9a-f]{0,32})|[a-z]{0,6})?)$/i;
/** Stands for no character. */
const SOFT_BREAK = '\u{e000}';

/** What an escape stands for; `undefined` when it is none. */
function unescape(text: string): string | undefined {
  if (/^(?:%[0-9a-f]{2}|=[0-9a-f]{2}|%u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\u[0-9a-f]{4})$/i.test(text)) {
    return String.fromCharCode(parseInt(text.replace(/^[%=\\][ux]?/i, ''), 16));
  }
  if (/^\\u\{[0-9a-f]{1,6}\}$/i.test(text)) return String.fromCharCode(parseInt(text.slice(3), 16));
  if (/^&#[0-9]{1,32};$/.test(text)) return String.fromCharCode(Number(text.slice(2, -1)));
  if (/^&#x[0-9a-f]{1,32};$/i.test(text)) return String.fromCharCode(parseInt(text.slice(3), 16));
  if (/^&[a-z]+;$/.test(text)) return ENTITIES[text.slice(1, -1)];
  if (/^=\r?\n$/.test(text)) return SOFT_BREAK;
  if (/^\\[bfnrt]$/.test(text)) return JSON.parse(`"${text}"`);
  return /^\\[!-/:-@[-`{-~]$/.test(text) ? text[1] : undefined;
}

/** All ways to read the text at a place with up to `depth` layers of escaping undone. */
function readingsAt(text: string, at: number, depth: number): Reading[] {
  if (at >= text.length) return [];
  if (depth === 0) return [{ character: text[at]!, next: at + 1 }];
  const readings = readingsAt(text, at, depth - 1);
  return [...readings, ...readings.flatMap((first) => escapesFrom(text, first, depth - 1))];
}

function escapesFrom(text: string, { character, next }: Reading, depth: number): Reading[] {
  if (!PARTIAL.test(character)) return [];
  const found: Reading[] = [];
  const followers = readingsAt(text, next, depth);
  for (const follower of followers) {
    const longer = character + follower.character;
    const meaning = unescape(longer);
    if (meaning !== undefined) found.push({ character: meaning, next: follower.next });
    found.push(...escapesFrom(text, { character: longer, next: follower.next }, depth));
  }
  // Without a semicolon a reference ends where no digit follows.
  const open = /^&#(?:([0-9]+)|x[0-9a-f]+)$/i.exec(character);
  const goesOn = open?.[1] === undefined ? /^[0-9a-f;]$/i : /^[0-9;]$/;
  if (open && !followers.some((follower) => goesOn.test(follower.character))) {
    found.push({ character: unescape(`${character};`)!, next });
  }
  return found;
}

/** Where a line break that may be skipped can end. */
function breaksAt(text: string, at: number, index: number): number[] {
  const readings = readingsAt(text, at, MAX_DEPTH);
  const soft = readings.filter(({ character }) => character === SOFT_BREAK);
  const plain = readings.flatMap((reading) => {
    if (reading.character === '\n') return [reading];
    if (reading.character !== '\r') return [];
    return readingsAt(text, reading.next, MAX_DEPTH).filter(({ character }) => character === '\n');
  });
  const breaks = index < LINE_BREAK_AFTER ? soft : [...soft, ...plain];
  return breaks.map(({ next }) => next).filter((next) => text[next] !== ' ');
}

/** Where a needle that begins at a place may end. */
function endsOf(text: string, needle: Needle, start: number): number[] {
  const { fold } = needle.alphabet;
  let places = [start];
  for (const [index, byte] of needle.bytes.entries()) {
    if (index > 0 && needle.bytes[index - 1] !== 0x20) {
      places.push(...places.flatMap((at) => breaksAt(text, at, index)));
    }
    const readings = places.flatMap((at) => readingsAt(text, at, MAX_DEPTH));
    const fitting = readings.filter(({ character }) => fold[character.charCodeAt(0)] === byte);
    places = [...new Set(fitting.map(({ next }) => next))];
  }
  return places;
}

/** The text with each needle replaced; overlapping ones by one mark, that of the first and longest. */
export function redactSlowly(needles: readonly Needle[], bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  const spans = needles.flatMap((needle) =>
    [...bytes.keys()].flatMap((start) => {
      const ends = endsOf(text, needle, start);
      return ends.length === 0 ? [] : [{ start, end: Math.max(...ends), needle }];
    })
  );
  spans.sort((a, b) => a.start - b.start || b.end - a.end || (a.needle.provider < b.needle.provider ? -1 : 1));
  let redacted = '';
  let done = 0;
  let isMarked = false;
  for (const { start, end, needle } of spans) {
    if (!isMarked || start >= done) {
      redacted += text.slice(done, start) + Buffer.from(needle.mark).toString('latin1');
      isMarked = true;
    }
    done = Math.max(done, end);
  }
  return redacted + text.slice(done);
}

/**
 * Texts as a server of events sends them in gzip: one chunk each, flushed, and the stream not ended.
 * Deflate blocks that end at a byte can simply follow each other (RFC 1951 §2).
 */
export async function* gzipEvents(texts: readonly string[]): AsyncGenerator<Uint8Array, void, void> {
  for (const [i, text] of texts.entries()) {
    const block = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
    yield i === 0 ? Buffer.concat([Buffer.from('1f8b0800000000000003', 'hex'), block]) : block;
  }
  // Nothing comes, and nothing ends.
  await new Promise(() => {});
}

/** What a matcher makes of a text that comes in these chunks, as one character for each byte. */
export function redactChunks(matcher: Matcher, chunks: Iterable<Uint8Array>): string {
  const redaction = matcher.begin();
  const pieces: Uint8Array[] = [];
  for (const chunk of chunks) pieces.push(...redaction.push(chunk));
  pieces.push(...redaction.flush());
  return Buffer.concat(pieces).toString('latin1');
}

/** A text cut at random places; sometimes into single bytes, sometimes with empty chunks. */
export function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const longest = [1, 3, 10, 100][random(4)]!;
  for (let at = 0; at < bytes.length;) {
    const length = random(longest + 1);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

const eachByte = (text: string, write: (byte: number) => string) => [...Buffer.from(text)].map(write).join('');
const eachUnit = (text: string, write: (unit: number) => string) =>
  Array.from({ length: text.length }, (_, i) => write(text.charCodeAt(i))).join('');
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** Ways in which a server may write a secret, with something around it, as security case R3 lists them. */
export const ENCODINGS: Readonly<Record<string, (secret: string) => string | Uint8Array>> = {
  plain: (secret) => `token: ${secret}; more`,
  'a header': (secret) => `"Authorization": "Bearer ${secret}"`,
  'base64, whole': (secret) => Buffer.from(secret).toString('base64'),
  'base64 without padding': (secret) => Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  'base64 at offset 1': (secret) => Buffer.from(`x${secret}yz`).toString('base64'),
  'base64 at offset 2': (secret) => Buffer.from(`xx${secret}y`).toString('base64'),
  'base64 at offset 3': (secret) => Buffer.from(`xxx${secret}`).toString('base64'),
  'base64 in lines of 76': (secret) =>
    Buffer.from('z'.repeat(45) + secret).toString('base64').replace(/.{76}/g, '$&\r\n'),
  'base64 in JSON': (secret) => JSON.stringify(Buffer.from(`??${secret}`).toString('base64')).replaceAll('/', '\\/'),
  'base64 in a URL': (secret) => `?x=${encodeURIComponent(Buffer.from(`>>>${secret}???`).toString('base64'))}&y`,
  base64url: (secret) => Buffer.from(`??>${secret}>?`).toString('base64url'),
  'Basic user:password': (secret) => `Basic ${Buffer.from(`someone:${secret}`).toString('base64')}`,
  'hex, lower': (secret) => Buffer.from(secret).toString('hex'),
  'hex, upper': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'percent, as needed': (secret) => `/next?to=${encodeURIComponent(secret)}&x=1`,
  'percent, lower case': (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'percent, every byte': (secret) => eachByte(secret, (byte) => `%${hex(byte, 2)}`),
  'percent, every third byte': (secret) =>
    [...Buffer.from(secret).entries()].map(([i, byte]) =>
      i % 3 === 0 || byte > 126 || byte === 37 ? `%${hex(byte, 2).toUpperCase()}` : String.fromCharCode(byte)
    ).join(''),
  'percent, twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'a form': (secret) => new URLSearchParams({ key: secret, other: 'x' }).toString(),
  JSON: (secret) => JSON.stringify({ headers: { authorization: secret } }),
  'JSON in JSON': (secret) => JSON.stringify({ a: JSON.stringify({ b: secret }) }),
  'JSON, every character': (secret) => eachUnit(secret, (unit) => `\\u${hex(unit, 4)}`),
  'JSON, ASCII only, in upper case': (secret) =>
    JSON.stringify(secret).replace(/[^ -~]/g, (each) => `\\u${hex(each.charCodeAt(0), 4).toUpperCase()}`),
  'a script': (secret) => eachUnit(secret, (unit) => (unit < 256 ? `\\x${hex(unit, 2)}` : `\\u{${hex(unit, 1)}}`)),
  'HTML, named': (secret) => `<p title="${escapeHtml(secret)}">`,
  'HTML, decimal': (secret) => [...secret].map((each) => `&#${each.codePointAt(0)};`).join(''),
  'HTML, hexadecimal': (secret) => [...secret].map((each) => `&#x${hex(each.codePointAt(0)!, 2)};`).join(''),
  'a URL in HTML in JSON': (secret) => JSON.stringify(escapeHtml(`?a=1&b=${encodeURIComponent(secret)}`)),
  'quoted-printable': (secret) =>
    eachByte(
      secret,
      (byte) => (byte === 61 || byte > 126 ? `=${hex(byte, 2).toUpperCase()}` : String.fromCharCode(byte)),
    )
      .replace(/.{20}(?!=|.?$)(?<!=.?)/g, '$&=\r\n'),
  'UTF-16LE': (secret) => Buffer.from(`{"a":"${secret}"}`, 'utf16le'),
  'UTF-16BE': (secret) => Buffer.from(`{"a":"${secret}"}`, 'utf16le').swap16(),
  reversed: (secret) => [...`token: ${secret}`].reverse().join(''),
  'spaced out': (secret) => [...secret].join(' '),
};
