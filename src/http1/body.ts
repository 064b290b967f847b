import { createChunkScan, scanChunks } from './chunked.ts';
import { Http1Error } from './error.ts';
import { createHeadScan, scanHead } from './head_scan.ts';
import type { Inbox } from './inbox.ts';
import { TRAILER_LIMITS } from './limits.ts';
import type { Framing, MessageEvent } from './message.ts';
import { readTrailers } from './trailers.ts';

/** Reads the body of one message out of an inbox. */
export interface BodyReader {
  /**
   * The next piece or the end, or `undefined` when more bytes are needed.
   *
   * @param unframed whether chunks are taken off; else their bytes pass as they came
   * @param finished whether the peer sends no more
   */
  next(inbox: Inbox, unframed: boolean, finished: boolean): MessageEvent<never> | undefined;
}

const END: MessageEvent<never> = { kind: 'end', trailers: [] };

/** A reader of a body that is framed so. */
export function createBodyReader(framing: Framing, maxBodyBytes: number): BodyReader {
  switch (framing.kind) {
    case 'length':
      return new LengthReader(framing.length);
    case 'chunked':
      return createChunkedReader(maxBodyBytes);
    case 'close':
      return createCloseReader(maxBodyBytes);
    default:
      return EMPTY;
  }
}

const EMPTY: BodyReader = { next: () => END };

/** Nearly every answer has one: a class takes less to make than an object with functions. */
class LengthReader implements BodyReader {
  left: number;

  constructor(length: number) {
    this.left = length;
  }

  next(inbox: Inbox, _unframed: boolean, finished: boolean): MessageEvent<never> | undefined {
    if (this.left === 0) return END;
    const stop = Math.min(inbox.end, inbox.at + this.left);
    this.left -= stop - inbox.at;
    return take(inbox, stop) ?? starved(finished);
  }
}

function createCloseReader(maxBodyBytes: number): BodyReader {
  let length = 0;
  return {
    next(inbox, _unframed, finished) {
      length += inbox.end - inbox.at;
      if (length > maxBodyBytes) throw new Http1Error('body_too_large');
      return take(inbox, inbox.end) ?? (finished ? END : undefined);
    },
  };
}

function createChunkedReader(maxBodyBytes: number): BodyReader {
  const scan = createChunkScan();
  const content = { start: 0, end: 0 };
  const trailerScan = createHeadScan('trailers');
  let end: MessageEvent<never> | undefined;

  /** Where the trailers that begin at `start` end, or -1 when they are not complete. */
  function readEnd(inbox: Inbox, start: number): number {
    if (!scanTrailers(inbox, start)) return -1;
    end = trailerScan.fieldCount === 0 ? END : { kind: 'end', trailers: readTrailers(trailerScan, inbox.bytes, start) };
    return start + trailerScan.position;
  }

  function scanTrailers(inbox: Inbox, start: number): boolean {
    try {
      return scanHead(trailerScan, inbox.bytes, start, inbox.end, TRAILER_LIMITS, noLine);
    } catch (error) {
      if (error instanceof Http1Error) throw new Http1Error('trailer', `in a trailer, ${error.message}`);
      throw error;
    }
  }

  return {
    next(inbox, unframed, finished) {
      if (end) return end;
      let at = inbox.at;
      while (at < inbox.end && !scan.atTrailers) {
        at = scanChunks(scan, inbox.bytes, at, inbox.end, content, maxBodyBytes);
        if (!unframed || content.start === content.end) continue;
        inbox.at = at;
        return { kind: 'body', bytes: inbox.bytes.subarray(content.start, content.end) };
      }
      if (unframed) inbox.at = at;
      // Trailers are judged before the first byte of them passes.
      const stop = scan.atTrailers ? readEnd(inbox, at) : -1;
      const passed = take(inbox, stop < 0 ? at : stop);
      if (unframed) return end ?? starved(finished);
      return passed ?? end ?? starved(finished);
    },
  };
}

function take(inbox: Inbox, stop: number): MessageEvent<never> | undefined {
  if (stop === inbox.at) return undefined;
  const bytes = inbox.bytes.subarray(inbox.at, stop);
  inbox.at = stop;
  return { kind: 'body', bytes };
}

function starved(finished: boolean): undefined {
  if (finished) throw new Http1Error('truncated');
  return undefined;
}

function noLine(): void {}
