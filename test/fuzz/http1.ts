/**
 * Feeds mutated heads and bodies to the HTTP/1.1 decoders. Whatever comes in, a decoder answers with
 * events or with an {@link Http1Error}, the same for two ways of cutting the bytes, and what it
 * accepts is written again so that it reads the same.
 *
 * Run: `npm run fuzz:http1 -- [count] [seed]`
 *
 * @module
 */

import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { createRequestDecoder } from '../../src/http1/decoder.ts';
import { Http1Error } from '../../src/http1/error.ts';
import { writeRequestHead } from '../../src/http1/write.ts';
import { createRandom, decodeRequests, decodeResponses, latin1 } from '../_lib/http1.ts';
import { REQUEST_CASES } from '../vector/http1_request.ts';
import { RESPONSE_CASES } from '../vector/http1_response.ts';

/** What a run found. */
export interface FuzzReport {
  readonly count: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
}

const TOKENS = [
  '\r\n',
  '\r',
  '\n',
  '\x00',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '\r\n\r\n',
  '\r\n ',
  '0',
  '5',
  'f',
  '-',
  '+',
  '_',
  '@',
  '/',
  '//',
  '\\',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: b\r\n',
  'chunked',
  'HTTP/1.1',
  'HTTP/1.0',
  '\x0b',
  '\x80',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '0\r\n\r\n',
  '\xff',
  '\x7f',
];
const SEEDS = [...REQUEST_CASES.map((item) => item.text), ...RESPONSE_CASES.map((item) => item.text)]
  .filter((text) => text.length < 400);

/** One of the table's cases with one to three changes. */
export function mutate(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let text = pick(SEEDS);
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const at = Math.floor(random() * (text.length + 1));
    const length = random() < 0.5 ? 0 : 1 + Math.floor(random() * 4);
    const insert = random() < 0.3
      ? ''
      : random() < 0.5
      ? pick(TOKENS)
      : String.fromCharCode(Math.floor(random() * 256));
    text = text.slice(0, at) + insert + text.slice(at + length);
  }
  return text;
}

/** Mutates, decodes, compares; throws on the first surprise, naming the input. */
export function fuzz(count: number, seed: number): FuzzReport {
  const random = createRandom(seed);
  const refused: Record<string, number> = {};
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const text = mutate(random);
    const bytes = latin1(text);
    const at = Math.floor(random() * bytes.length);
    const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
    try {
      const [whole, split] = text.startsWith('HTTP')
        ? [decodeResponses({ name: '', text }, [bytes]), decodeResponses({ name: '', text }, pieces)]
        : [decodeRequests([bytes]), decodeRequests(pieces)];
      if (JSON.stringify(whole) !== JSON.stringify(split)) throw new Error('a split changes what is read');
      if (whole.refused) refused[whole.refused] = (refused[whole.refused] ?? 0) + 1;
      else if (whole.heads.length > 0) accepted++;
      if (whole.heads.length > 0 && !text.startsWith('HTTP')) checkRewrite(bytes);
      if (!text.startsWith('HTTP')) checkAfter(text);
    } catch (cause) {
      throw new Error(`input ${i} of seed ${seed}: ${JSON.stringify(text)}`, { cause });
    }
  }
  return { count, accepted, refused };
}

/** A head that was accepted can be written, and then says the same. */
function checkRewrite(bytes: Uint8Array): void {
  const decoder = createRequestDecoder();
  decoder.push(bytes);
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  const { method, target, fields, minor } = event.message;
  if (minor === 0 || target.form !== 'origin') return;
  const again = createRequestDecoder();
  again.push(writeRequestHead(method, target.path, fields));
  if (JSON.stringify(again.next()) !== JSON.stringify(event)) throw new Error('a head changes when it is written');
}

/** A request reads the same behind another with the same fields, which a decoder remembers. */
function checkAfter(text: string): void {
  const decoder = createRequestDecoder();
  decoder.push(latin1(`GET /before HTTP/1.1\r\n${text.slice(text.indexOf('\r\n') + 2)}`));
  try {
    for (let event = decoder.next(); event?.kind !== 'end'; event = decoder.next()) {
      if (!event) return;
    }
  } catch {
    return; // refused: nothing comes behind it
  }
  decoder.rest();
  const bytes = latin1(text);
  decoder.push(bytes);
  const fresh = createRequestDecoder();
  fresh.push(bytes);
  const behind = nextOf(decoder);
  if (behind !== nextOf(fresh)) throw new Error(`the request before changes what is read: ${behind}`);
}

function nextOf(decoder: ReturnType<typeof createRequestDecoder>): string {
  try {
    return JSON.stringify(decoder.next()) ?? 'more';
  } catch (error) {
    if (error instanceof Http1Error) return error.code;
    throw error;
  }
}

function main(): void {
  const count = Number(process.argv[2] ?? 1_000_000);
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
  try {
    const report = fuzz(count, seed);
    process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
  } catch (error) {
    process.stderr.write(`${String(error)}: ${String((error as Error).cause)}\n`);
    process.exitCode = error instanceof Http1Error ? 2 : 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
