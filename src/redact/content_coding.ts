import { isSigError, SigError } from '../errors.ts';
import type { BodyDecoders } from '../ports.ts';
import { isNamed } from '../target/field_name.ts';
import type { HeaderPairs } from '../target/head.ts';
import { rememberRepeated } from '../target/repeated.ts';
import { passBody } from './pass_body.ts';

/** How far a body may expand (security case X16). */
export interface ExpansionLimits {
  /** Decoded bytes for each coded one. Default 100. */
  readonly ratio: number;
  /** Decoded bytes that may always come out. Default 1 MiB. */
  readonly freeBytes: number;
}

const LIMITS: ExpansionLimits = { ratio: 100, freeBytes: 1024 * 1024 };
/** Each coding multiplies what a small body can expand to. */
const MAX_CODINGS = 3;
/** Field names that speak of the coded bytes (RFC 9530, RFC 1864). */
const CODED_FIELDS = new Set([
  'content-encoding',
  'content-length',
  'content-digest',
  'repr-digest',
  'digest',
  'content-md5',
]);

const NO_ITEMS: readonly string[] = [];

/** The content codings of a body in the order they were applied, under their usual names. */
export function readCodings(headers: HeaderPairs): readonly string[] {
  const items = listOf(headers, 'content-encoding');
  if (items.length === 0) return NO_ITEMS;
  return items
    .map((coding) => coding.toLowerCase().replace(/^x-(?=gzip$)/, ''))
    .filter((coding) => coding !== 'identity');
}

/** What becomes of a coded body. */
export interface DecodingPlan {
  /** The codings to undo, in the order they were applied. */
  readonly codings: readonly string[];
  /** The head of the body as it will be delivered. */
  readonly headers: HeaderPairs;
}

/**
 * Says which codings are to be undone, and what the head says afterwards. Those of single messages within a body,
 * as gRPC has them, are not undone.
 *
 * The body is then delivered as it is, not coded again: it goes over loopback, where bytes cost
 * less than compressing them does, every client can read it, and an event is not delayed by a
 * compressor. `ETag` stays, since clients send it back to the origin (`If-Match`).
 *
 * @param strict whether a body that cannot be read is refused; else it passes with only its coded
 * bytes looked at, and `codings` is empty
 * @throws {SigError} E_CODING when strict and a coding is unknown here
 */
export function planDecoding(
  headers: HeaderPairs,
  decoders: BodyDecoders,
  strict: boolean,
): DecodingPlan {
  const codings = readCodings(headers);
  const coded = strict ? headers.find(isMessageCoding) : undefined;
  if (coded) {
    throw new SigError('E_CODING', `Cannot redact messages that ${quote(coded[0])} compresses`, {
      hint: 'some servers answer as they are asked: turn off compression of gRPC messages in the client',
    });
  }
  if (codings.length === 0) return { codings, headers };
  const unknown = codings.find((coding) => !Object.hasOwn(decoders, coding));
  if (unknown === undefined && codings.length <= MAX_CODINGS) {
    return { codings, headers: headers.filter(([name]) => !CODED_FIELDS.has(name.toLowerCase())) };
  }
  if (!strict) return { codings: [], headers };
  const what = unknown === undefined ? `${codings.length} content codings` : `content coding ${quote(unknown)}`;
  throw new SigError('E_CODING', `Cannot redact a body with ${what}`, {
    hint: 'the server was not asked for this; see what it sends with: curl -sI',
  });
}

/**
 * Changes a request so that its answer can be read: only codings that can be undone are asked for, none for the
 * messages within a body, and always the whole, since a range could cut a secret in two (security case R4).
 *
 * @returns the very same pairs when nothing is to be changed, and for the same pairs when they come again
 */
export const askForReadable: (headers: HeaderPairs, decoders: BodyDecoders) => HeaderPairs = rememberRepeated(ask);

function ask(headers: HeaderPairs, decoders: BodyDecoders): HeaderPairs {
  const wanted = listOf(headers, 'accept-encoding');
  const known = wanted.length === 0 ? wanted : wanted.filter((item) => isKnown(item, decoders));
  const areKnown = known.length === wanted.length;
  if (areKnown && !headers.some(isUnreadable)) return headers;
  const value = known.length > 0 ? known.join(', ') : 'identity';
  let isWritten = false;
  return headers.flatMap((field): HeaderPairs => {
    if (isUnreadable(field)) return [];
    if (areKnown || !isNamed(field[0], 'accept-encoding')) return [field];
    if (isWritten) return [];
    isWritten = true;
    return [[field[0], value]];
  });
}

/** What in a request makes an answer unreadable: parts of it, and coded messages within it (gRPC, Connect). */
function isUnreadable(field: HeaderPairs[number]): boolean {
  const name = field[0];
  return isNamed(name, 'range') || isNamed(name, 'if-range') || isNamed(name, 'grpc-accept-encoding') ||
    isNamed(name, 'connect-accept-encoding');
}

function isKnown(item: string, decoders: BodyDecoders): boolean {
  const weight = item.indexOf(';');
  const coding = (weight < 0 ? item : item.slice(0, weight).trim()).toLowerCase();
  return coding === 'identity' || coding === 'x-gzip' || (coding !== 'deflate-raw' && Object.hasOwn(decoders, coding));
}

/** Where an answer says how the messages within its body are coded. */
function isMessageCoding(field: HeaderPairs[number]): boolean {
  const name = field[0];
  if (!isNamed(name, 'grpc-encoding') && !isNamed(name, 'connect-content-encoding')) return false;
  return !/^(?:|identity)$/i.test(field[1].trim());
}

/**
 * Undoes the codings of a body. An empty body (HEAD, 204, 304) stays empty.
 *
 * @param codings as {@link planDecoding} lists them
 * @throws {SigError} E_CODING from the iterator when the bytes are not so coded, end too early, or
 * expand beyond the limits
 */
export function decodeBody(
  body: AsyncIterable<Uint8Array>,
  codings: readonly string[],
  decoders: BodyDecoders,
  limits: ExpansionLimits = LIMITS,
): AsyncIterableIterator<Uint8Array> {
  return passBody(body, decodeChunks(body, codings, decoders, limits));
}

async function* decodeChunks(
  body: AsyncIterable<Uint8Array>,
  codings: readonly string[],
  decoders: BodyDecoders,
  limits: ExpansionLimits,
): AsyncGenerator<Uint8Array, void, void> {
  let coded = 0;
  let decoded = 0;
  let sourceError: unknown;
  async function* counted(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for await (const chunk of body) {
        coded += chunk.length;
        if (chunk.length > 0) yield chunk;
      }
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  let pieces: AsyncIterable<Uint8Array> = counted();
  for (const coding of codings.toReversed()) pieces = undo(pieces, coding, decoders);
  try {
    for await (const piece of pieces) {
      decoded += piece.length;
      if (decoded > limits.freeBytes && decoded > limits.ratio * coded) {
        throw new SigError('E_CODING', `Stopped a body that expands more than ${limits.ratio} times`);
      }
      if (piece.length > 0) yield piece;
    }
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    if (isSigError(error)) throw error;
    throw new SigError('E_CODING', `Cannot decode a body with content coding ${quote(codings.join(', '))}`, {
      cause: error,
    });
  }
}

/** Waits for the first chunk, which tells whether there is a body at all, and which deflate it is. */
async function* undo(
  coded: AsyncIterable<Uint8Array>,
  coding: string,
  decoders: BodyDecoders,
): AsyncGenerator<Uint8Array, void, void> {
  const chunks = coded[Symbol.asyncIterator]();
  try {
    const first = await chunks.next();
    if (first.done === true) return;
    const name = coding === 'deflate' && !isZlib(first.value) ? 'deflate-raw' : coding;
    yield* decoders[name]!(prepend(first.value, chunks));
  } finally {
    await chunks.return?.();
  }
}

/** RFC 9110 §8.4.1.2 means zlib by "deflate", and notes that some servers send it without the wrapper. */
function isZlib(chunk: Uint8Array): boolean {
  return (chunk[0]! & 0x0f) === 8;
}

async function* prepend(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** The members of a comma-separated field, of all its lines (RFC 9110 §5.6.1). */
function listOf(headers: HeaderPairs, name: string): readonly string[] {
  let items: string[] | undefined;
  for (const field of headers) {
    if (!isNamed(field[0], name)) continue;
    items ??= [];
    for (const part of field[1].split(',')) {
      const item = part.trim();
      if (item !== '') items.push(item);
    }
  }
  return items ?? NO_ITEMS;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
