import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';
import { createResponseDecoder } from '../../../src/http1/decoder.ts';
import { writeRequestHead } from '../../../src/http1/write.ts';
import { type NetworkProxy, proxyAuthorization } from './network_proxy.ts';

/**
 * Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6). Afterwards the socket is the server's.
 *
 * @param socket to the proxy; destroyed on failure
 * @param authority `host:port` of the server, the port always there
 * @throws {SigError} E_UPSTREAM when the proxy refuses, E_TIMEOUT when it does not answer
 */
export function tunnelThroughHttp(
  socket: Duplex,
  proxy: NetworkProxy,
  authority: string,
  timeoutMs: number,
): Promise<void> {
  const name = `${proxy.host}:${proxy.port}`;
  const authorization = proxyAuthorization(proxy);
  const decoder = createResponseDecoder();
  decoder.expect({ method: 'CONNECT', upgrade: false });
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      fail(new SigError('E_TIMEOUT', `No answer from the proxy "${name}" within ${timeoutMs} ms`));
    }, timeoutMs);

    function stop(): void {
      clearTimeout(limit);
      socket.off('data', read);
      socket.off('error', broke);
      socket.off('close', broke);
    }

    function fail(error: SigError): void {
      stop();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    }

    function broke(cause?: unknown): void {
      fail(new SigError('E_UPSTREAM', `The proxy "${name}" closed the connection`, { cause }));
    }

    function read(bytes: Uint8Array): void {
      try {
        decoder.push(bytes);
        for (let event = decoder.next(); event?.kind === 'head'; event = decoder.next()) {
          if (event.message.interim) continue;
          // A server does not speak first in TLS or HTTP: bytes after the head are not its own.
          if (event.message.framing.kind !== 'tunnel' || decoder.rest().length > 0) {
            return fail(refused(name, event.message.status));
          }
          stop();
          socket.pause();
          return resolve();
        }
      } catch (cause) {
        fail(new SigError('E_UPSTREAM', `Cannot use the answer of the proxy "${name}"`, { cause }));
      }
    }

    socket.on('data', read);
    socket.on('error', broke);
    socket.on('close', broke);
    socket.write(writeRequestHead('CONNECT', authority, [
      ['Host', authority],
      ...(authorization === undefined ? [] : [['Proxy-Authorization', authorization]] as const),
    ]));
  });
}

function refused(name: string, status: number): SigError {
  if (status === 407) {
    return new SigError('E_UPSTREAM', `The proxy "${name}" asks for a user name and password`, {
      hint: 'write them into networkProxy: http://user:password@host:port',
    });
  }
  return new SigError('E_UPSTREAM', `The proxy "${name}" refuses to connect: status ${status}`);
}
