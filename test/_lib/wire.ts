/**
 * One end of a connection, byte by byte: what came is taken in the order in which it came, and
 * nothing of it is interpreted. A test that reads with it says all that was on the wire.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';

/** An end of a connection. Bytes are characters from U+0000 to U+00FF. */
export interface Wire {
  readonly socket: Duplex;
  write(text: string | Uint8Array): void;
  /**
   * Takes what has come up to the end of the first match, and waits for it.
   *
   * @throws {Error} when the connection ended or 15 seconds went by before, with what is there instead
   */
  take(until: RegExp): Promise<string>;
  /** Takes the fields of a head, and its first line, up to the empty line. */
  takeHead(): Promise<string[]>;
  /** Takes so many bytes. */
  takeBytes(count: number): Promise<Buffer>;
  /** Takes all that is to come, when the other side has ended. */
  takeRest(): Promise<string>;
  /** What has come and was not taken yet. */
  readonly pending: string;
  /** Listens no longer: the socket is somebody else's, with what has come put back. It is paused. */
  release(): Duplex;
  /** Resolves when the connection is over, in order or not. */
  readonly closed: Promise<void>;
}

const PATIENCE_MS = 15_000;

/** Listens to a socket. */
export function createWire(socket: Duplex): Wire {
  let pieces: Buffer[] = [];
  let isOver = false;
  let look = () => {};
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isOver = true;
      look();
      resolve();
    });
  });
  socket.on('error', () => {});
  const onData = (bytes: Buffer) => {
    pieces.push(bytes);
    look();
  };
  socket.on('data', onData);
  const join = () => {
    if (pieces.length !== 1) pieces = [Buffer.concat(pieces)];
    return pieces[0]!;
  };

  /** @param find how many bytes are taken; `undefined` while they are not all there */
  function takeWhen(what: string, find: () => number | undefined): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        look = () => {};
        clearTimeout(timer);
        reject(new Error(`${why} before ${what}: ${JSON.stringify(join().toString('latin1').slice(0, 2_000))}`));
      };
      const timer = setTimeout(() => fail('Nothing more came'), PATIENCE_MS);
      look = () => {
        const count = find();
        if (count === undefined) return isOver ? fail('The connection ended') : undefined;
        look = () => {};
        clearTimeout(timer);
        const all = join();
        pieces = [all.subarray(count)];
        resolve(all.subarray(0, count));
      };
      look();
    });
  }

  const take = async (until: RegExp) => {
    const bytes = await takeWhen(`${until}`, () => {
      const found = until.exec(join().toString('latin1'));
      return found ? found.index + found[0].length : undefined;
    });
    return bytes.toString('latin1');
  };
  return {
    socket,
    write: (text) => void socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text),
    take,
    takeHead: async () => (await take(/\r\n\r\n/)).slice(0, -4).split('\r\n'),
    takeBytes: (count) => takeWhen(`${count} bytes`, () => join().length >= count ? count : undefined),
    async takeRest() {
      const rest = await takeWhen('its end', () => isOver ? join().length : undefined);
      return rest.toString('latin1');
    },
    get pending() {
      return join().toString('latin1');
    },
    release() {
      socket.off('data', onData);
      socket.pause();
      const rest = join();
      if (rest.length > 0) socket.unshift(rest);
      return socket;
    },
    closed,
  };
}
