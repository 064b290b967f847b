import type { Duplex } from 'node:stream';

/** An ArrayBuffer of ES2024, which Node 20 does not have. */
interface Transferable extends ArrayBuffer {
  transfer(length: number): ArrayBuffer;
}

/**
 * Whether the memory of large writes is given back by hand. On Node 24 it is collected only when 64 MiB of it
 * have piled up, since bodies that pass leave next to nothing else to collect (2026-11-22). Bun and Deno
 * need no help.
 */
const FREES: boolean = !('Deno' in globalThis) && !('Bun' in globalThis) && 'transfer' in ArrayBuffer.prototype;
/** Less than that is not worth a call. */
const MIN_BYTES = 4_096;

/**
 * Writes bytes that nobody looks at afterwards: when they are out, they are gone.
 *
 * @returns false when the socket is full: wait for `drain`
 */
export function passOn(socket: Pick<Duplex, 'write'>, bytes: Uint8Array): boolean {
  return canFree(bytes) ? socket.write(bytes, () => discard(bytes)) : socket.write(bytes);
}

/** Gives back the memory of bytes that nobody looks at any more. */
export function discard(bytes: Uint8Array): void {
  if (canFree(bytes)) (bytes.buffer as Transferable).transfer(0);
}

/** What is a part of something larger has neighbours. */
function canFree(bytes: Uint8Array): boolean {
  return FREES && bytes.length >= MIN_BYTES && bytes.buffer.byteLength === bytes.length;
}
