import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from './store_error.ts';

/** How long to wait before asking again when the holder neither keeps nor closes a connection. */
const RETRY_MS = 20;

/**
 * An exclusive lock at an address where only one process can listen and which is free again when
 * that process ends: a named pipe on Windows. Unlike the lock of folders it keeps no order.
 *
 * @param signal ends the wait
 * @returns what releases the lock
 * @throws {unknown} the reason of the signal, or what the system refused
 */
export async function acquirePipeLock(address: string, signal: AbortSignal): Promise<() => void> {
  for (;;) {
    signal.throwIfAborted();
    const release = await tryListen(address);
    if (release) return release;
    if (!await waitForClose(address, signal)) await delay(RETRY_MS, undefined, { signal });
  }
}

/** Listens at the address, unless somebody does. */
function tryListen(address: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const waiters = new Set<Socket>();
    const server = createServer((socket) => {
      waiters.add(socket);
      socket.on('error', () => {}).on('close', () => waiters.delete(socket)).resume().unref();
    });
    server.once('error', (error) => systemCode(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error));
    server.listen(address, () => {
      server.unref();
      resolve(() => {
        server.close();
        for (const socket of waiters) socket.destroy();
      });
    });
  });
}

/** Connects to the holder and waits until it ends. Answers false when there was no connection. */
function waitForClose(address: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let isConnected = false;
    const socket = connect(address, () => isConnected = true);
    const end = () => socket.destroy();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    socket.resume().on('error', () => {}).on('close', () => {
      signal.removeEventListener('abort', end);
      resolve(isConnected);
    });
  });
}
