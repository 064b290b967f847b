import { Buffer } from 'node:buffer';
import { isIPv4, isIPv6, type Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';
import type { NetworkProxy } from './network_proxy.ts';

const REPLIES: Readonly<Record<number, string>> = {
  1: 'it failed',
  2: 'its rules do not allow it',
  3: 'the network is unreachable',
  4: 'there is no route to the host',
  5: 'nothing listens there',
  6: 'the time ran out',
  7: 'it does not know how',
  8: 'it does not know addresses of that kind',
};

/**
 * Asks a SOCKS5 proxy for a connection (RFC 1928, RFC 1929). Afterwards the socket is the server's.
 *
 * @param socket to the proxy; destroyed on failure
 * @param host a name for the proxy to look up, or an address without brackets
 * @throws {SigError} E_UPSTREAM when the proxy refuses, E_TIMEOUT when it does not answer
 */
export function tunnelThroughSocks(
  socket: Socket,
  proxy: NetworkProxy,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<void> {
  const name = `${proxy.host}:${proxy.port}`;
  const dialogue = converse(proxy, name, host, port);
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    let wanted = 0;
    const limit = setTimeout(() => {
      fail(new SigError('E_TIMEOUT', `No answer from the proxy "${name}" within ${timeoutMs} ms`));
    }, timeoutMs);

    function stop(): void {
      clearTimeout(limit);
      socket.off('data', read);
      socket.off('error', broke);
      socket.off('close', broke);
    }

    function fail(error: unknown): void {
      stop();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    }

    function broke(cause?: unknown): void {
      fail(new SigError('E_UPSTREAM', `The proxy "${name}" closed the connection`, { cause }));
    }

    /** Hands the dialogue the bytes it waits for, and does what it says next. */
    function advance(bytes: Buffer): void {
      const step = dialogue.next(bytes);
      if (!step.done) {
        if (step.value.say) socket.write(step.value.say);
        wanted = step.value.read;
        return;
      }
      // A server does not speak first in TLS or HTTP: bytes after the reply are not its own.
      if (held.length > 0) return fail(new SigError('E_UPSTREAM', `The proxy "${name}" says more than it should`));
      stop();
      socket.pause();
      resolve();
    }

    function read(bytes: Buffer): void {
      held = Buffer.concat([held, bytes]);
      try {
        while (wanted > 0 && held.length >= wanted) {
          const part = held.subarray(0, wanted);
          held = held.subarray(wanted);
          wanted = 0;
          advance(part);
        }
      } catch (error) {
        fail(error);
      }
    }

    socket.on('data', read);
    socket.on('error', broke);
    socket.on('close', broke);
    advance(Buffer.alloc(0));
  });
}

interface Turn {
  /** Bytes to send. */
  readonly say?: Buffer;
  /** How many bytes to wait for then. */
  readonly read: number;
}

/** The dialogue itself, without a socket. */
function* converse(proxy: NetworkProxy, name: string, host: string, port: number): Generator<Turn, void, Buffer> {
  const { user } = proxy;
  // Methods: 0 none, 2 user name and password.
  const chosen = yield { say: Buffer.from(user === undefined ? [5, 1, 0] : [5, 2, 0, 2]), read: 2 };
  if (chosen[0] !== 5) throw new SigError('E_UPSTREAM', `The proxy "${name}" does not speak SOCKS5`);
  if (chosen[1] === 2 && user !== undefined) {
    const verdict = yield { say: credentials(user, proxy.password?.reveal() ?? ''), read: 2 };
    if (verdict[1] !== 0) throw new SigError('E_UPSTREAM', `The proxy "${name}" refuses the user name or password`);
  } else if (chosen[1] !== 0) {
    throw new SigError('E_UPSTREAM', `The proxy "${name}" asks for a user name and password`, {
      hint: 'write them into networkProxy: socks5://user:password@host:port',
    });
  }
  const request = Buffer.concat([Buffer.from([5, 1, 0]), address(host), Buffer.from([port >> 8, port & 255])]);
  const reply = yield { say: request, read: 5 };
  if (reply[0] !== 5) throw new SigError('E_UPSTREAM', `The proxy "${name}" does not speak SOCKS5`);
  if (reply[1] !== 0) {
    const why = REPLIES[reply[1]!] ?? `reply ${reply[1]}`;
    throw new SigError('E_UPSTREAM', `The proxy "${name}" cannot connect to "${host}:${port}": ${why}`);
  }
  // The address it is bound to is of no use, but must be read. One byte of it is.
  const length = reply[3] === 1 ? 3 : reply[3] === 4 ? 15 : reply[3] === 3 ? reply[4]! : undefined;
  if (length === undefined) throw new SigError('E_UPSTREAM', `The proxy "${name}" does not speak SOCKS5`);
  yield { read: length + 2 };
}

function address(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([1, ...host.split('.').map(Number)]);
  if (isIPv6(host)) return Buffer.concat([Buffer.from([4]), ipv6(host)]);
  return Buffer.concat([Buffer.from([3, host.length]), Buffer.from(host, 'latin1')]);
}

function ipv6(host: string): Buffer {
  const [left = '', right] = host.split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':').map((word) => parseInt(word, 16)));
  const head = words(left);
  const tail = right === undefined ? [] : words(right);
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 255]));
}

function credentials(user: string, password: string): Buffer {
  const name = Buffer.from(user, 'utf8');
  const secret = Buffer.from(password, 'utf8');
  return Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([secret.length]), secret]);
}
