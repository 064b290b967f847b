import { createRequestDecoder, createResponseDecoder, type Decoder } from '../../src/http1/decoder.ts';
import { Http1Error } from '../../src/http1/error.ts';
import type { ParsedRequest, ParsedResponse } from '../../src/http1/message.ts';
import { originOf } from '../../src/target/target.ts';
import type { ResponseCase } from '../vector/http1_response.ts';

/** One character a byte. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One character a byte. */
export function fromLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}

/** The bytes cut in pieces at these positions. */
export function cut(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const edges = [0, ...positions, bytes.length];
  return edges.slice(1).map((edge, i) => bytes.slice(edges[i], edge));
}

/** What a decoder made of some bytes, in a form that compares. */
export interface Decoded {
  /** `METHOD target body` or `status body`, of complete messages. */
  readonly messages: readonly string[];
  /** Heads as they were read, and trailers. */
  readonly heads: readonly string[];
  readonly refused: string | undefined;
  /** What follows the head of a tunnel. */
  readonly rest: string;
}

/** Decodes what a client sends, in these pieces. */
export function decodeRequests(pieces: readonly Uint8Array[], framed = false): Decoded {
  return decodeAll(createRequestDecoder(), pieces, framed, false, (message: ParsedRequest) => {
    const { target, method } = message;
    if (target.form === 'asterisk') return `${method} *`;
    const origin = target.form === 'origin' ? '' : originOf(target.target);
    return `${method} ${origin}${target.form === 'authority' ? '' : target.path}`;
  });
}

/** Decodes what a server sends, in these pieces. */
export function decodeResponses(test: ResponseCase, pieces: readonly Uint8Array[], framed = false): Decoded {
  const decoder = createResponseDecoder();
  const methods = [...(test.methods ?? ['GET'])];
  const ask = () => {
    const method = methods.shift();
    if (method) decoder.expect({ method, upgrade: test.upgrade ?? false });
  };
  ask();
  return decodeAll(
    decoder,
    pieces,
    framed,
    test.closed ?? false,
    (message: ParsedResponse) => String(message.status),
    ask,
  );
}

function decodeAll<Message extends ParsedRequest | ParsedResponse>(
  decoder: Decoder<Message>,
  pieces: readonly Uint8Array[],
  framed: boolean,
  closed: boolean,
  show: (message: Message) => string,
  ended: () => void = () => {},
): Decoded {
  const messages: string[] = [];
  const heads: string[] = [];
  let current = '';
  let refused: string | undefined;
  const drain = () => {
    for (let event = decoder.next(); event; event = decoder.next()) {
      if (event.kind === 'head') {
        heads.push(JSON.stringify(event.message));
        current = `${show(event.message)} `;
        if (!framed) decoder.unframe();
        const message = event.message;
        if (message.framing.kind === 'tunnel' || ('interim' in message && message.interim)) messages.push(current);
      } else if (event.kind === 'body') current += fromLatin1(event.bytes);
      else {
        messages.push(current);
        heads.push(JSON.stringify(event.trailers));
        ended();
      }
    }
  };
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      drain();
    }
    if (closed) {
      decoder.finish();
      drain();
    }
  } catch (error) {
    if (!(error instanceof Http1Error)) throw error;
    refused = error.code;
  }
  return { messages, heads, refused, rest: refused ? '' : fromLatin1(decoder.rest()) };
}

/** A small generator of reproducible random numbers (mulberry32), from 0 to 1. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
