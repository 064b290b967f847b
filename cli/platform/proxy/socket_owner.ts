import { readFile } from 'node:fs/promises';
import process from 'node:process';

/** Both ends of a loopback connection, as the server sees it. */
export interface ConnectionEnds {
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
}

/**
 * Whether a connection from this machine was made by this very user (security cases P2, P4). Where the
 * system does not tell, nobody is: the token is needed then.
 *
 * @param read reads a table of the kernel; {@link readTable} by default
 */
export async function isSameUser(
  ends: ConnectionEnds,
  uid: number | undefined = process.getuid?.(),
  read: (path: string) => Promise<string> = readTable,
): Promise<boolean> {
  const { remotePort, localPort } = ends;
  if (process.platform !== 'linux' || uid === undefined || remotePort === undefined || localPort === undefined) {
    return false;
  }
  // A program may speak IPv4 through a socket of IPv6, as Java does.
  for (const table of ['tcp', 'tcp6']) {
    const text = await read(`/proc/net/${table}`).catch(() => '');
    const owner = findOwner(text, remotePort, localPort);
    if (owner !== undefined) return owner === uid;
  }
  return false;
}

/** The tables that are being read, and those that will be read next. */
const reading = new Map<string, { readonly now: Promise<string>; next: Promise<string> | undefined }>();

/**
 * Reads a table of the kernel. The kernel goes through all of its sockets for that, which takes a millisecond or
 * more, so connections that come together share one reading: the next one to begin, since a connection need not
 * be in one that had begun before it.
 */
export function readTable(
  path: string,
  read: (path: string) => Promise<string> = (its) => readFile(its, 'latin1'),
): Promise<string> {
  const current = reading.get(path);
  if (current) return current.next ??= current.now.then(() => readTable(path, read), () => readTable(path, read));
  const now = read(path).finally(() => reading.delete(path));
  reading.set(path, { now, next: undefined });
  return now;
}

const ESTABLISHED = '01';
const LOOPBACK = /^(?:0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F)$/;

/** The user of the socket whose own port is `port`, connected to `peer`, both on loopback. */
function findOwner(table: string, port: number, peer: number): number | undefined {
  const [own, other] = [hexPort(port), hexPort(peer)];
  for (const line of table.split('\n')) {
    if (!line.includes(`:${own} `)) continue;
    const [, local = '', remote = '', state, , , , uid = ''] = line.trim().split(/\s+/);
    if (state !== ESTABLISHED || !local.endsWith(`:${own}`) || !remote.endsWith(`:${other}`)) continue;
    if (LOOPBACK.test(local.slice(0, -5)) && LOOPBACK.test(remote.slice(0, -5))) return Number(uid);
  }
  return undefined;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
