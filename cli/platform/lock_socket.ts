/**
 * An exclusive lock across processes that ends when its holder ends, however that happens: Lamport's
 * bakery, with listening Unix sockets as the proof of life.
 *
 * A folder is one lock. Whoever wants it puts two files there, under a random id that is never used
 * again, and both keep their names to the end:
 *
 * - `s-<id>`: a socket that listens from before it has this name until its owner leaves or dies. The
 *   kernel closes it only when the last thread of the process is gone, so nothing that a dead holder
 *   began is still under way when others see it closed.
 * - `t<number>-<id>`: the ticket, one higher than any its owner saw. While there is none, the owner
 *   is choosing.
 *
 * The lowest ticket holds the lock. No entry is renamed while it counts, so a listing that runs
 * beside a change can at worst show another as still choosing (then one waits for that) or not at
 * all (then the other lists later, sees this ticket and goes behind it). The files of another are
 * removed only after its socket refused a connection and the kernel does not list it. Clocks and
 * file times play no part, and a stopped process counts as alive.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { openSocketFolder, type SocketFolder } from './socket_folder.ts';
import { isBoundSocket } from './socket_list.ts';
import { systemCode } from './store_error.ts';

const SOCKET = /^s-([0-9a-f]{16})$/;
const TICKET = /^t(\d{15})-([0-9a-f]{16})$/;
const UNBORN = /^n-[0-9a-f]{16}$/;
/** When the answer of a rival is neither life nor death, such as a full listen queue: ask again after this. */
const RETRY_MS = 20;

interface Place {
  readonly id: string;
  /** 0 while its owner is choosing. */
  readonly ticket: number;
}

interface OwnPlace {
  readonly id: string;
  /** Puts the ticket down and tells those who wait for it. */
  take(ticket: number): void;
  leave(): void;
}

/**
 * Waits for the lock and takes it. First come, first served.
 *
 * @param folder an existing private folder, used for nothing else
 * @param signal ends the wait
 * @returns what releases the lock
 * @throws {unknown} the reason of the signal, or what the system refused
 */
export async function acquireSocketLock(folder: string, signal: AbortSignal): Promise<() => void> {
  const sockets = openSocketFolder(folder, 's-0123456789abcdef'.length);
  let own: OwnPlace | undefined;
  const release = () => {
    own?.leave();
    sockets.close();
  };
  try {
    own = await enter(folder, sockets);
    const ticket = 1 + Math.max(0, ...listPlaces(folder).map((place) => place.ticket));
    own.take(ticket);
    await waitForTurn(folder, sockets, { id: own.id, ticket }, signal);
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/**
 * Who holds the lock of a folder, or is first in line.
 *
 * @returns a process id, or `undefined` when there is nobody to name
 */
export function findLockHolder(folder: string): number | undefined {
  const [first] = listPlaces(folder).filter((place) => place.ticket > 0).sort(byTurn);
  if (!first) return undefined;
  try {
    return Number(readFileSync(ticketPath(folder, first), 'utf8')) || undefined;
  } catch {
    return undefined; // It has just left.
  }
}

/** Starts to listen under a new id. From then on others wait for this process. */
async function enter(folder: string, sockets: SocketFolder): Promise<OwnPlace> {
  for (;;) {
    const id = randomBytes(8).toString('hex');
    const waiters = new Set<Socket>();
    let stage = 'n';
    let taken = 0;
    const server = createServer((socket) => {
      waiters.add(socket);
      socket.on('error', () => {}).on('close', () => waiters.delete(socket)).resume().unref();
      if (taken > 0) socket.write('t');
    });
    const leave = () => {
      if (taken > 0) removeFile(ticketPath(folder, { id, ticket: taken }));
      removeFile(`${folder}/${stage}-${id}`);
      server.close();
      for (const socket of waiters) socket.destroy();
    };
    await listen(server, sockets.path(`n-${id}`));
    server.unref();
    try {
      // Between bind and listen a socket refuses connections as a dead one does. It gets the name that
      // counts only now. Should it be swept in that instant, the rename fails and another id is tried.
      chmodSync(`${folder}/n-${id}`, 0o600);
      renameSync(`${folder}/n-${id}`, `${folder}/s-${id}`);
      stage = 's';
    } catch (error) {
      leave();
      if (systemCode(error) === 'ENOENT') continue;
      throw error;
    }
    return {
      id,
      leave,
      take(ticket) {
        taken = ticket; // Before the write, so that half a ticket is taken back too.
        writeFileSync(ticketPath(folder, { id, ticket }), `${process.pid}`, { flag: 'wx', mode: 0o600 });
        for (const socket of waiters) socket.write('t');
      },
    };
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => {}); // A failed accept: the waiter asks again.
      resolve();
    });
  });
}

async function waitForTurn(folder: string, sockets: SocketFolder, own: Place, signal: AbortSignal): Promise<void> {
  const unborn = readdirSync(folder).filter((name) => UNBORN.test(name));
  let places = listPlaces(folder);
  // Who is not among these begins to choose later, sees the own ticket and goes behind it.
  const choosers = new Set(places.filter((place) => place.ticket === 0).map((place) => place.id));
  for (let before = '';; places = listPlaces(folder)) {
    const ahead = places.filter((place) =>
      place.id !== own.id && (place.ticket === 0 ? choosers.has(place.id) : byTurn(place, own) < 0)
    );
    // Choosers first, then the nearest in line: its end is the next thing that can matter.
    const next = ahead.find((place) => place.ticket === 0) ?? ahead.sort(byTurn).at(-1);
    if (!next) break;
    const now = `${next.ticket}-${next.id}`;
    if (now === before) await delay(RETRY_MS, undefined, { signal });
    before = now;
    const answer = await watch(sockets.path(`s-${next.id}`), next.ticket === 0 ? 'ticket' : 'end', signal);
    if (isDead(answer, next.id)) removePlace(folder, next);
  }
  for (const name of unborn) {
    const answer = await watch(sockets.path(name), 'life', signal);
    if (isDead(answer, name.slice('n-'.length))) removeFile(`${folder}/${name}`);
  }
}

/** How a connection to another's socket ended: nothing there, nobody there it seems, or anything else. */
type Answer = 'gone' | 'refused' | 'other';

/** Connects to the socket of another and waits for a sign of life, for its ticket or for its end. */
function watch(path: string, until: 'life' | 'ticket' | 'end', signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = connect(path);
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    const end = (answer: Answer) => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(answer);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.on('connect', () => until === 'life' && end('other'));
    socket.on('data', () => until === 'ticket' && end('other'));
    socket.on('error', (error) => {
      const code = systemCode(error);
      end(code === 'ENOENT' ? 'gone' : code === 'ECONNREFUSED' ? 'refused' : 'other');
    });
    socket.on('close', () => end('other'));
  });
}

function isDead(answer: Answer, id: string): boolean {
  return answer === 'gone' || (answer === 'refused' && !isBoundSocket(`n-${id}`));
}

function listPlaces(folder: string): Place[] {
  const tickets = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    const [, number, id] = TICKET.exec(name) ?? [];
    const chooser = SOCKET.exec(name)?.[1];
    if (id !== undefined) tickets.set(id, Number(number));
    else if (chooser !== undefined && !tickets.has(chooser)) tickets.set(chooser, 0);
  }
  return [...tickets].map(([id, ticket]) => ({ id, ticket }));
}

function removePlace(folder: string, place: Place): void {
  if (place.ticket > 0) removeFile(ticketPath(folder, place));
  removeFile(`${folder}/s-${place.id}`);
}

function byTurn(a: Place, b: Place): number {
  return a.ticket - b.ticket || (a.id < b.id ? -1 : 1);
}

function ticketPath(folder: string, place: Place): string {
  const number = `${place.ticket}`.padStart(15, '0');
  if (number.length > 15) throw new RangeError(`No ticket left in "${folder}"`);
  return `${folder}/t${number}-${place.id}`;
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
