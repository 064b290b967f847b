import process from 'node:process';
import { isatty } from 'node:tty';
import type { Sink } from '../io.ts';

/** A standard stream as a {@link Sink}: writes wait for the reader, so nothing piles up in memory. */
export function createSink(stream: NodeJS.WriteStream): Sink {
  // A reader that went away shows as an event too; the write's own callback reports it.
  stream.on('error', () => {});
  return {
    isTerminal: stream.isTTY === true,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        try {
          stream.write(bytes, (error) => (error ? reject(asBrokenPipe(error)) : resolve()));
        } catch (error) {
          reject(asBrokenPipe(error as Error));
        }
      }),
  };
}

/**
 * A pipe whose reader left bytes in it is reset, on Deno by an error of its own kind (2.9, seen on 2026-11-22): that nobody
 * reads is all that matters.
 */
function asBrokenPipe(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  const isReset = error.code === 'ECONNRESET' || error.name === 'ConnectionReset' || error.name === 'BrokenPipe';
  return isReset ? Object.assign(new Error('Nobody reads', { cause: error }), { code: 'EPIPE' }) : error;
}

/** Facts about the terminal that decide how output looks. */
export function describeTerminal(): { stdinIsTerminal: boolean; width: number; colour: boolean } {
  const { NO_COLOR, TERM } = process.env;
  return {
    // Not through process.stdin: to make that takes longer than most commands.
    stdinIsTerminal: isatty(0),
    width: process.stdout.columns ?? 80,
    colour: (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb',
  };
}
