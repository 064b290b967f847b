import { clearTimeout, setTimeout } from 'node:timers';
import { cutBytes } from '../../../src/encoding/slab.ts';
import { withFraming } from '../../../src/http1/forward.ts';
import type { Framing, ParsedResponse } from '../../../src/http1/message.ts';
import { writeChunk, writeLastChunk, writeResponseHead } from '../../../src/http1/write.ts';
import type { AnswerPlan } from '../../../src/proxy/passage.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { createBodyQueue } from '../upstream/answer.ts';
import type { Exchange } from '../upstream/exchange.ts';
import type { Client } from './client.ts';

/** An answer on its way to the client. */
export interface Delivery {
  body(bytes: Uint8Array): void;
  end(trailers: HeaderPairs): void;
  /** The client reads again. */
  drain(): void;
  abort(): void;
  /** Whether the client has seen a part of it. */
  isBegun(): boolean;
}

/** What the client can take. */
export interface AnswerTo {
  /** Minor version of its request. */
  readonly minor: 0 | 1;
  /** Whether its connection may stay open. */
  readonly keepAlive: boolean;
}

/** What is delivered, and to whom. */
export interface DeliverOptions {
  readonly client: Client;
  readonly exchange: Exchange;
  readonly message: ParsedResponse;
  readonly plan: AnswerPlan;
  readonly to: AnswerTo;
  readonly onFail: (error: unknown) => void;
}

/** Answers up to this size are redacted whole, so that the client learns their length. */
const HELD_BYTES = 65_536;

/** So long what may be the beginning of a secret waits for its rest, in milliseconds. */
const QUIET_MS = 50;

/** Delivers an answer whose head has come. Its body is asked for only as fast as the client reads. */
export function deliver(options: DeliverOptions): Delivery {
  const { plan, message } = options;
  if (plan.body.kind === 'decode') return deliverDecoded(options, plan.body.read);
  if (plan.body.kind === 'pass') return deliverAsIs(options);
  const { framing } = message;
  if (framing.kind === 'length' && framing.length <= HELD_BYTES) return new HeldDelivery(options, plan.body.redaction);
  return deliverScanned(options, plan.body.redaction);
}

type Redaction = Extract<AnswerPlan['body'], { kind: 'scan' }>['redaction'];

function deliverAsIs({ client, exchange, message, plan, to }: DeliverOptions): Delivery {
  const { framing } = message;
  // HTTP/1.0 knows no chunks: the end of the connection is the end of the body there.
  const isUnframed = framing.kind === 'chunked' && to.minor === 0;
  const keepAlive = to.keepAlive && framing.kind !== 'close' && !isUnframed;
  const fields = isUnframed ? withFraming(plan.fields, { kind: 'close' }) : plan.fields;
  if (isUnframed) exchange.unframe();
  client.write(writeResponseHead(message.status, plan.reason, closing(fields, to.keepAlive, keepAlive)));
  return {
    isBegun: () => true,
    body(bytes) {
      if (!client.write(bytes)) exchange.pause();
    },
    end: () => client.finish(keepAlive),
    drain: () => exchange.resume(),
    abort() {},
  };
}

/** A short answer, which is redacted whole. A class, since most answers are of this kind. */
class HeldDelivery implements Delivery {
  private readonly options: DeliverOptions;
  private readonly redaction: Redaction;
  private readonly pieces: Uint8Array[] = [];
  private hasBegun = false;

  constructor(options: DeliverOptions, redaction: Redaction) {
    this.options = options;
    this.redaction = redaction;
  }

  isBegun(): boolean {
    return this.hasBegun;
  }

  body(bytes: Uint8Array): void {
    this.add(this.redaction.push(bytes));
  }

  end(): void {
    const { client, message, plan, to, onFail } = this.options;
    try {
      this.add(this.redaction.flush());
      let length = 0;
      for (const piece of this.pieces) length += piece.length;
      const { framing } = message;
      const isAsLong = framing.kind === 'length' && framing.length === length;
      const fields = isAsLong ? plan.fields : withFraming(plan.fields, { kind: 'length', length });
      const head = writeResponseHead(message.status, plan.reason, fields);
      // One write, so one TLS record.
      const answer = cutBytes(head.length + length);
      answer.set(head);
      let at = head.length;
      for (const piece of this.pieces) {
        answer.set(piece, at);
        at += piece.length;
      }
      this.hasBegun = true;
      client.write(answer);
      client.finish(to.keepAlive);
    } catch (error) {
      onFail(error);
    }
  }

  private add(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.pieces.push(piece);
  }

  drain(): void {}
  abort(): void {}
}

/** Writes the head of an answer whose length is not known, and answers with how its pieces are written. */
function beginStream({ client, exchange, message, plan, to }: DeliverOptions) {
  exchange.unframe();
  const framing: Framing = to.minor === 1 ? { kind: 'chunked' } : { kind: 'close' };
  const isChunked = framing.kind === 'chunked';
  const keepAlive = to.keepAlive && isChunked;
  const fields = closing(withFraming(plan.fields, framing, isChunked), to.keepAlive, keepAlive);
  client.write(writeResponseHead(message.status, plan.reason, fields));
  return {
    write: (piece: Uint8Array) => piece.length === 0 || client.write(isChunked ? writeChunk(piece) : piece),
    end(trailers: HeaderPairs) {
      if (isChunked) client.write(writeLastChunk(trailers));
      client.finish(keepAlive);
    },
  };
}

function deliverScanned(options: DeliverOptions, redaction: Redaction): Delivery {
  const { exchange, plan, onFail } = options;
  const stream = beginStream(options);
  let quiet: ReturnType<typeof setTimeout> | undefined;
  const write = (pieces: readonly Uint8Array[]) => {
    for (const piece of pieces) if (!stream.write(piece)) exchange.pause();
  };
  return {
    isBegun: () => true,
    body(bytes) {
      clearTimeout(quiet);
      write(redaction.push(bytes));
      // Where two sides talk in turns, the last byte of a message may look like the first of a secret.
      if (redaction.heldLength > 0) quiet = setTimeout(() => write(redaction.release()), QUIET_MS).unref();
    },
    end(trailers) {
      clearTimeout(quiet);
      try {
        write(redaction.flush());
        stream.end(plan.trailers(trailers));
      } catch (error) {
        onFail(error);
      }
    },
    drain: () => exchange.resume(),
    abort: () => clearTimeout(quiet),
  };
}

function deliverDecoded(
  options: DeliverOptions,
  read: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): Delivery {
  const { exchange, plan, client } = options;
  const stream = beginStream(options);
  const queue = createBodyQueue(() => exchange.resume(), () => exchange.pause(), () => exchange.abort());
  let trailers: HeaderPairs = [];
  let wake: (() => void) | undefined;

  async function run(): Promise<void> {
    for await (const piece of read(queue.iterable)) {
      if (client.isClosed) return;
      if (!stream.write(piece)) await new Promise<void>((resolve) => wake = resolve);
    }
    stream.end(plan.trailers(trailers));
  }

  run().catch(options.onFail);
  return {
    isBegun: () => true,
    body: queue.push,
    end(its) {
      trailers = its;
      queue.end();
    },
    drain: () => wake?.(),
    abort() {
      queue.fail(new Error('The client is gone'));
      wake?.();
    },
  };
}

/** Says that the connection ends, where the plan did not know yet. */
function closing(fields: HeaderPairs, saysKeepAlive: boolean, keepAlive: boolean): HeaderPairs {
  if (!saysKeepAlive || keepAlive) return fields;
  return [...fields.filter(([name]) => name.toLowerCase() !== 'connection'), ['Connection', 'close']];
}
