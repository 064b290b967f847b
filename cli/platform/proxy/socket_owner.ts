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
 * @param read reads a table of the kernel; `/proc/net/tcp` by default
 */
export async function isSameUser(
  ends: ConnectionEnds,
  uid: number | undefined = process.getuid?.(),
  read: (path: string) => Promise<string> = (path) => readFile(path, 'latin1'),
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
