import { readFile } from 'node:fs/promises';
import process from 'node:process';

/** Both ends of a loopback connection, as the server sees it. */
export interface ConnectionEnds {
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
}

/** A connection of a table: its two ports, and the user of the socket at the first one. */
type Owners = ReadonlyMap<string, number>;

/**
 * Makes what tells whether a connection from this machine was made by this very user (security cases P2,
 * P4). Where the system does not tell, nobody is: the token is needed then.
 *
 * The kernel's tables name every connection, so with very many of them reading one takes long (security case
 * P9): all who ask while one is read share the next one.
 *
 * @param read reads a table of the kernel; `/proc/net/tcp` by default
 */
export function createOwnerCheck(
  uid: number | undefined = process.getuid?.(),
  read: (path: string) => Promise<string> = (path) => readFile(path, 'latin1'),
): (ends: ConnectionEnds) => Promise<boolean> {
  if (process.platform !== 'linux' || uid === undefined) return () => Promise.resolve(false);
  // A program may speak IPv4 through a socket of IPv6, as Java does.
  const tables = ['tcp', 'tcp6'].map((name) =>
    share(async () => readOwners(await read(`/proc/net/${name}`).catch(() => '')))
  );
  return async ({ remotePort, localPort }) => {
    if (remotePort === undefined || localPort === undefined) return false;
    const key = `${hexPort(remotePort)} ${hexPort(localPort)}`;
    for (const table of tables) {
      const owner = (await table()).get(key);
      if (owner !== undefined) return owner === uid;
    }
    return false;
  };
}

/** Runs a task for all who ask before it begins, and never twice at a time. */
function share<T>(task: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () =>
    next ??= running.then(() => {
      next = undefined;
      const begun = task();
      running = begun;
      return begun;
    });
}

/** Both ends on loopback, established, and its user. */
const LOOPBACK = '(?:0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F)';
const LINE = new RegExp(
  ` ${LOOPBACK}:([\\dA-F]{4}) ${LOOPBACK}:([\\dA-F]{4}) 01 \\S+ \\S+ \\S+ +(\\d+) `,
  'g',
);

function readOwners(table: string): Owners {
  const owners = new Map<string, number>();
  for (const [, own, other, uid] of table.matchAll(LINE)) owners.set(`${own} ${other}`, Number(uid));
  return owners;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
