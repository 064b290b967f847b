/**
 * The canary oracle: every secret of a test is a random canary, and afterwards no sink may hold it,
 * raw or encoded.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** Named places where a secret must not be. */
export type Sinks = Readonly<Record<string, string | Uint8Array>>;

interface Needle {
  readonly encoding: string;
  readonly bytes: Buffer;
  /** Whether upper and lower case mean the same, as in hexadecimal. */
  readonly ignoresCase: boolean;
}

/** A random secret of 32 characters out of `A-Za-z0-9_-` (24 random bytes). */
export function makeCanary(): string {
  return randomBytes(24).toString('base64url');
}

/** A random secret that every encoding writes in another way: it has quotes, blanks and signs. */
export function makeAwkwardCanary(): string {
  return `${makeCanary()} "&<>'+/=%\\é`;
}

/**
 * Searches sinks for canaries.
 *
 * @returns one text for each hit, such as `stdout: base64 at offset 1`; none is what a test wants
 */
export function findLeaks(canaries: string | readonly string[], sinks: Sinks): string[] {
  const leaks = new Set<string>();
  for (const canary of [canaries].flat()) {
    if (Buffer.byteLength(canary) < 24) throw new RangeError('A canary has at least 24 bytes');
    const needles = needlesOf(canary);
    for (const [name, sink] of Object.entries(sinks)) {
      for (const { path, bytes } of unpack(Buffer.from(sink as string), name)) {
        const lower = lowerAscii(bytes);
        for (const needle of needles) {
          const isHit = needle.ignoresCase ? lower.includes(needle.bytes) : bytes.includes(needle.bytes);
          if (isHit) leaks.add(`${path}: ${needle.encoding}`);
        }
      }
    }
  }
  return [...leaks];
}

/** All files below a folder as sinks, and their names as one more. What is no file is left out. */
export async function readFolder(folder: string): Promise<Record<string, Uint8Array>> {
  const sinks: Record<string, Uint8Array> = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    sinks[path] = await readFile(path);
  }
  sinks[`names in ${folder}`] = Buffer.from(entries.map((entry) => entry.name).join('\n'));
  return sinks;
}

/**
 * Arguments and environment of processes and of all their descendants as sinks, as every process
 * of the user can read them. Linux only: nothing elsewhere.
 */
export async function readProcesses(pids: readonly number[]): Promise<Record<string, Uint8Array>> {
  const sinks: Record<string, Uint8Array> = {};
  for (const pid of await withDescendants(pids)) {
    for (const file of ['cmdline', 'environ']) {
      const path = `/proc/${pid}/${file}`;
      // A process that has ended meanwhile shows nothing any more.
      const bytes = await readFile(path).catch(() => undefined);
      if (bytes) sinks[path] = bytes;
    }
  }
  return sinks;
}

async function withDescendants(pids: readonly number[]): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
    // The command name, in brackets, may itself hold brackets and blanks.
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const family = new Set(pids);
  for (let size = -1; size !== family.size;) {
    size = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

function needlesOf(canary: string): Needle[] {
  const bytes = Buffer.from(canary);
  const json = JSON.stringify(canary).slice(1, -1);
  const needles: Needle[] = [];
  const add = (encoding: string, text: string | Buffer, ignoresCase = false) => {
    const needle = ignoresCase ? lowerAscii(Buffer.from(text as string)) : Buffer.from(text as string);
    const isKnown = needles.some((other) => other.bytes.equals(other.ignoresCase ? lowerAscii(needle) : needle));
    if (!isKnown) needles.push({ encoding, bytes: needle, ignoresCase });
  };
  const each = (write: (code: number) => string) =>
    Array.from({ length: canary.length }, (_, i) => write(canary.charCodeAt(i))).join('');
  const eachByte = (write: (byte: number) => string) => [...bytes].map(write).join('');

  add('raw', canary, true);
  add('hexadecimal', bytes.toString('hex'), true);
  for (const offset of [0, 1, 2]) {
    // Characters that depend on what stands before or after are left out; padding goes with them.
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor((shifted.length * 8) / 6);
    add(`base64 at offset ${offset}`, shifted.toString('base64').slice(first, last));
    add(`base64url at offset ${offset}`, shifted.toString('base64url').slice(first, last));
  }
  add('percent', encodeURIComponent(canary), true);
  add('percent, form style', new URLSearchParams([['', canary]]).toString().slice(1), true);
  add('percent, every byte', eachByte((byte) => `%${hex(byte, 2)}`), true);
  add('JSON', json);
  add('JSON in JSON', JSON.stringify(json).slice(1, -1));
  add('JSON, ASCII only', json.replace(/[^\x20-\x7e]/g, (char) => `\\u${hex(char.charCodeAt(0), 4)}`), true);
  add('JSON, slashes escaped', json.replaceAll('/', '\\/'));
  add('JSON, every character', each((code) => `\\u${hex(code, 4)}`), true);
  add('HTML', htmlEscape(canary, '&quot;', '&#39;'));
  add('HTML, numeric quotes', htmlEscape(canary, '&#34;', '&#x27;'));
  add('HTML, every character', each((code) => `&#${code};`));
  add('HTML, every character in hexadecimal', each((code) => `&#x${hex(code, 2)};`), true);
  add('reversed', [...canary].reverse().join(''));
  add('UTF-16LE', Buffer.from(canary, 'utf16le'));
  add('UTF-16BE', Buffer.from(canary, 'utf16le').swap16());
  return needles;
}

function htmlEscape(text: string, quote: string, apostrophe: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', quote)
    .replaceAll("'", apostrophe);
}

function lowerAscii(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)));
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** The bytes themselves and whatever compressed data is in them, two levels deep. */
function unpack(bytes: Buffer, path: string, depth = 0): { path: string; bytes: Buffer }[] {
  const found = [{ path, bytes }];
  if (depth === 2) return found;
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 * 1024 * 1024 };
  for (let at = 0; at + 2 < bytes.length; at++) {
    const isGzip = bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 8;
    const isZlib = bytes[at] === 0x78 && ((bytes[at]! << 8) | bytes[at + 1]!) % 31 === 0;
    if (!isGzip && !isZlib) continue;
    const inner = tryInflate(() => (isGzip ? gunzipSync : inflateSync)(bytes.subarray(at), options)) ??
      (isGzip ? tryInflate(() => inflateRawSync(bytes.subarray(at + 10), options)) : undefined);
    if (inner && inner.length > 0) found.push(...unpack(inner, `${path}, inflated`, depth + 1));
  }
  return found;
}

function tryInflate(inflate: () => Buffer): Buffer | undefined {
  try {
    return inflate();
  } catch {
    // It only looked like compressed data.
    return undefined;
  }
}
