/**
 * Bytes that have come and are not read yet. The usual piece is read where it lies; only what waits
 * for more is copied, into room that doubles, so that single-byte packets cost no more than others.
 */
export interface Inbox {
  bytes: Uint8Array;
  at: number;
  end: number;
  /** Whether `bytes` is ours to write to beyond `end`. */
  owned: boolean;
}

const NOTHING = new Uint8Array(0);

/** An empty inbox. */
export function createInbox(): Inbox {
  return { bytes: NOTHING, at: 0, end: 0, owned: false };
}

/** Adds bytes. They may not change afterwards. */
export function receive(inbox: Inbox, piece: Uint8Array): void {
  const left = inbox.end - inbox.at;
  if (left === 0) {
    inbox.bytes = piece;
    inbox.at = 0;
    inbox.end = piece.length;
    inbox.owned = false;
    return;
  }
  const needed = left + piece.length;
  if (!inbox.owned || inbox.end + piece.length > inbox.bytes.length) {
    const room = new Uint8Array(Math.max(1024, needed * 2));
    room.set(inbox.bytes.subarray(inbox.at, inbox.end));
    inbox.bytes = room;
    inbox.at = 0;
    inbox.end = left;
    inbox.owned = true;
  }
  inbox.bytes.set(piece, inbox.end);
  inbox.end += piece.length;
}

/** Takes everything that is not read yet. */
export function takeRest(inbox: Inbox): Uint8Array {
  if (inbox.at === inbox.end) return NOTHING;
  const rest = inbox.bytes.subarray(inbox.at, inbox.end);
  inbox.at = inbox.end;
  return rest;
}
