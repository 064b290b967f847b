import { concatBytes } from '../encoding/bytes.ts';
import type { Redaction } from '../redact/matcher.ts';
import { appendFrame, CLOSE, closePayload, CONTINUATION, FrameError, MAX_CONTROL_BYTES, type Opcode } from './frame.ts';
import { createFrameReader, type FrameEvent } from './frame_reader.ts';

/** What a server sends after the handshake, on its way to the client. */
export interface FrameRedaction {
  /**
   * Takes bytes of the server and answers with whole frames for the client. Of a message all passes at once but a
   * last part that may be the beginning of a secret; when its end has come, nothing waits.
   */
  push(bytes: Uint8Array): Uint8Array[];
  /** Whether the server broke a rule: the client has been told why, and both connections are to be ended. */
  isBroken(): boolean;
}

/**
 * Redacts the messages of a server, and what its control frames carry. Since the length of a message may change, it
 * is framed anew: in one frame when it was there at once, else in as many as it took. Of a secret that is cut over
 * messages the beginning is seen, since no message can wait for the next one; the rest is redacted.
 *
 * @param begin begins a text, as a `Matcher` does
 *
 * @example
 * ```ts
 * const frames = redactFrames(matcher.begin);
 * for (const piece of frames.push(bytes)) write(piece);
 * ```
 */
export function redactFrames(begin: () => Redaction): FrameRedaction {
  const reader = createFrameReader();
  const redaction = begin();
  // Control frames come between the frames of a message.
  const aside = begin();
  /** Whether the client has seen the beginning of the message. */
  let isBegun = false;
  let isBroken = false;

  function pass(event: FrameEvent, out: Uint8Array[]): void {
    const { opcode, payload } = event;
    if (event.kind === 'control') return appendFrame(out, opcode, true, [redactControl(opcode, payload)]);
    const { isEnd } = event;
    const pieces = redaction.push(payload);
    if (isEnd) pieces.push(...redaction.settle());
    if (pieces.length === 0 && !isEnd) return;
    appendFrame(out, isBegun ? CONTINUATION : opcode, isEnd, pieces);
    isBegun = !isEnd;
  }

  function redactControl(opcode: Opcode, payload: Uint8Array): Uint8Array {
    // RFC 6455 §5.5.1: two bytes of code, then the reason.
    const textAt = opcode === CLOSE ? 2 : 0;
    const redacted = concatBytes(
      payload.subarray(0, textAt),
      ...aside.push(payload.subarray(textAt)),
      ...aside.flush(),
    );
    // A mark may be longer than what it stands for.
    return cutText(redacted, MAX_CONTROL_BYTES);
  }

  return {
    push(bytes) {
      const out: Uint8Array[] = [];
      if (isBroken) return out;
      try {
        reader.push(bytes);
        for (let event = reader.next(); event; event = reader.next()) pass(event, out);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        isBroken = true;
        // RFC 6455 §7.1.7. All frames so far are whole, whatever has come of the message.
        appendFrame(out, CLOSE, true, [closePayload(error.closeCode, error.message)]);
      }
      return out;
    },
    isBroken: () => isBroken,
  };
}

/** As much of a text as has room, whole characters of UTF-8. */
function cutText(text: Uint8Array, maxBytes: number): Uint8Array {
  let end = maxBytes;
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}
