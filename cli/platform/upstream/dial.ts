import { connect, type Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';

/** Until the next address is tried while one is still silent (RFC 8305 §5). */
const STAGGER_MS = 250;

/** Why a connection could not be made, by the system's code. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'the network is unreachable',
  EACCES: 'the system does not allow it',
  ETIMEDOUT: 'it does not answer',
};

/**
 * Connects to the first of some addresses that answers.
 *
 * @param name the server as messages name it
 * @param timeoutMs for all addresses together
 * @throws {SigError} E_UPSTREAM when none can be reached, E_TIMEOUT when none answers in time
 */
export function dial(name: string, addresses: readonly string[], port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    let next = 0;
    let failed = 0;
    let stagger: ReturnType<typeof setTimeout> | undefined;
    const limit = setTimeout(() => {
      fail(new SigError('E_TIMEOUT', `Cannot connect to "${name}" within ${timeoutMs} ms`));
    }, timeoutMs);

    function settle(): void {
      clearTimeout(limit);
      clearTimeout(stagger);
    }

    function fail(error: SigError): void {
      settle();
      for (const socket of open) socket.destroy();
      reject(error);
    }

    function attempt(): void {
      clearTimeout(stagger);
      const host = addresses[next++];
      if (host === undefined) return;
      const socket = connect({ host, port, noDelay: true });
      open.add(socket);
      const refuse = (cause: Error) => {
        open.delete(socket);
        if (++failed === addresses.length) fail(cannotConnect(name, cause));
        else attempt();
      };
      socket.once('error', refuse);
      socket.once('connect', () => {
        settle();
        open.delete(socket);
        for (const other of open) other.destroy();
        // A later error belongs to whoever uses the socket.
        socket.off('error', refuse);
        resolve(socket);
      });
      if (next < addresses.length) stagger = setTimeout(attempt, STAGGER_MS);
    }

    attempt();
  });
}

function cannotConnect(name: string, cause: Error): SigError {
  const { code = '' } = cause as Error & { code?: string };
  return new SigError('E_UPSTREAM', `Cannot connect to "${name}": ${REASONS[code] ?? 'the connection failed'}`, {
    cause,
  });
}
