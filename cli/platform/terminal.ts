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
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
  };
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
