import { concatBytes, decodeUtf8 } from '../encoding/bytes.ts';
import { BINARY, CLOSE, CONTINUATION, FrameError, MAX_CONTROL_BYTES, type Opcode, PING, PONG, TEXT } from './frame.ts';

/** What a reader found. */
export type FrameEvent =
  | {
    readonly kind: 'data';
    /** That of the message, in each of its pieces. */
    readonly opcode: typeof TEXT | typeof BINARY;
    /** The next bytes of the message, wherever its frames begin and end. */
    readonly payload: Uint8Array;
    /** Whether the message ends with them. */
    readonly isEnd: boolean;
  }
  | {
    readonly kind: 'control';
    readonly opcode: typeof CLOSE | typeof PING | typeof PONG;
    /** Whole. */
    readonly payload: Uint8Array;
  };

/** Reads what a server sends after the handshake: bytes in, events out. */
export interface FrameReader {
  /** Adds bytes. They may not change while events are read. */
  push(bytes: Uint8Array): void;
  /**
   * The next event, or `undefined` when more bytes are needed. After a close frame nothing comes.
   *
   * @throws {FrameError} for all that a server may not send
   */
  next(): FrameEvent | undefined;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** Longest head of an unmasked frame. */
const MAX_HEAD = 10;

/**
 * Makes a reader, as strict as RFC 6455 lets a client be: no bit and no opcode that nobody agreed on (§5.2), no
 * mask (§5.1), each length in its shortest form, messages that do not run into each other (§5.4), control frames
 * whole and short (§5.5). Payloads of messages pass as they come and are never collected.
 *
 * @example
 * ```ts
 * const reader = createFrameReader();
 * reader.push(bytes);
 * for (let event = reader.next(); event; event = reader.next()) take(event);
 * ```
 */
export function createFrameReader(): FrameReader {
  let bytes = NOTHING;
  let at = 0;
  const head = new Uint8Array(MAX_HEAD);
  let headLength = 0;
  let isInPayload = false;
  let opcode = 0;
  let isFinal = false;
  let isClosed = false;
  /** Bytes of the payload that are still to come. */
  let left = 0;
  /** The message that is under way, between its frames and within them. */
  let message: typeof TEXT | typeof BINARY | undefined;
  /** The payload of a control frame, as far as it has come. */
  let control = NOTHING;

  /** Whether the head of a frame is whole now. */
  function readHead(): boolean {
    while (at < bytes.length) {
      head[headLength++] = bytes[at++]!;
      if (headLength === 2) begin(head[0]!, head[1]!);
      if (headLength < 2 || headLength < lengthOfHead(head[1]!)) continue;
      headLength = 0;
      left = readLength(head);
      isInPayload = true;
      return true;
    }
    return false;
  }

  function begin(first: number, second: number): void {
    if ((first & 0x70) !== 0) throw new FrameError('A reserved bit is set');
    isFinal = (first & 0x80) !== 0;
    opcode = first & 0x0f;
    if ((second & 0x80) !== 0) throw new FrameError('A frame of the server is masked');
    if (opcode === CLOSE || opcode === PING || opcode === PONG) {
      if (!isFinal) throw new FrameError('A control frame is fragmented');
      if (second > MAX_CONTROL_BYTES) throw new FrameError('A control frame is too long');
      control = new Uint8Array(second);
    } else if (opcode === CONTINUATION) {
      if (!message) throw new FrameError('A frame continues no message');
    } else if (opcode === TEXT || opcode === BINARY) {
      if (message) throw new FrameError('A message begins within another');
      message = opcode;
    } else throw new FrameError('An opcode is unknown');
  }

  /** The next bytes of the payload, which may end the frame. */
  function take(): Uint8Array {
    const stop = Math.min(bytes.length, at + left);
    const payload = bytes.subarray(at, stop);
    left -= payload.length;
    at = stop;
    if (left === 0) isInPayload = false;
    return payload;
  }

  /** `undefined` when more of it is to come. */
  function readControl(its: Extract<Opcode, 8 | 9 | 10>): FrameEvent | undefined {
    const start = control.length - left;
    control.set(take(), start);
    if (isInPayload) return undefined;
    if (its === CLOSE) {
      checkClose(control);
      isClosed = true;
    }
    return { kind: 'control', opcode: its, payload: control };
  }

  return {
    push(more) {
      if (isClosed) return;
      bytes = at < bytes.length ? concatBytes(bytes.subarray(at), more) : more;
      at = 0;
    },
    next() {
      while (!isClosed) {
        if (!isInPayload && !readHead()) return undefined;
        if (opcode >= CLOSE) return readControl(opcode as Extract<Opcode, 8 | 9 | 10>);
        if (left > 0 && at === bytes.length) return undefined;
        const payload = take();
        const isEnd = isFinal && !isInPayload;
        // An empty frame says nothing unless it ends its message.
        if (payload.length === 0 && !isEnd) continue;
        const event: FrameEvent = { kind: 'data', opcode: message!, payload, isEnd };
        if (isEnd) message = undefined;
        return event;
      }
      return undefined;
    },
  };
}

function lengthOfHead(second: number): number {
  return second < 126 ? 2 : second === 126 ? 4 : MAX_HEAD;
}

function readLength(head: Uint8Array): number {
  const short = head[1]!;
  if (short < 126) return short;
  const view = new DataView(head.buffer);
  const length = short === 126 ? view.getUint16(2) : view.getUint32(2) * 2 ** 32 + view.getUint32(6);
  if (length <= (short === 126 ? 125 : 0xffff)) throw new FrameError('A length is not in its shortest form');
  // §5.2: the most significant bit is zero. What does not fit into 53 is no message either.
  if (view.getUint8(2) > 0x7f && short === 127) throw new FrameError('A length is too large');
  if (length > Number.MAX_SAFE_INTEGER) throw new FrameError('A frame is too big', 1009);
  return length;
}

/** RFC 6455 §5.5.1 and §7.4: nothing, or a code that may be sent and a reason in UTF-8. */
function checkClose(payload: Uint8Array): void {
  if (payload.length === 0) return;
  const code = payload.length === 1 ? 0 : (payload[0]! << 8) | payload[1]!;
  const isKnown = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
  if (!isKnown) throw new FrameError('A close frame has no code that may be sent');
  try {
    decodeUtf8(payload.subarray(2));
  } catch (cause) {
    if (cause instanceof TypeError) throw new FrameError('The reason of a close frame is not UTF-8', 1007);
    throw cause;
  }
}
