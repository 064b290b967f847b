import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { SigError } from '../../../src/errors.ts';
import { hostKind } from '../../../src/target/host.ts';
import { createGate, type Gate, NEEDS_GATE } from './gate.ts';
import { bareHost } from './route.ts';
import { explainTlsFailure } from './tls_failure.ts';

/** A TLS connection whose certificate was verified. */
export interface Secured {
  readonly socket: TLSSocket;
  /** Is paused and resumed together with the socket, where there is one. */
  readonly gate: Gate | undefined;
}

/** What a TLS connection is made of. */
export interface SecureOptions {
  /** The server as messages name it. */
  readonly name: string;
  /** Canonical host: what the certificate must be for. */
  readonly host: string;
  readonly context: SecureContext;
  readonly timeoutMs: number;
  /** What is offered by ALPN. Default HTTP/1.1 only. */
  readonly protocols?: readonly string[] | undefined;
  /** A session to resume. */
  readonly session?: Uint8Array | undefined;
  /** Receives sessions that can be resumed. */
  readonly onSession?: ((session: Uint8Array) => void) | undefined;
}

/** RSA keys below are too weak (security case T1); BoringSSL and some OpenSSL take them. */
const MIN_RSA_BITS = 2048;

/**
 * Begins TLS on a socket and verifies whom it speaks to, before a byte of ours is sent.
 *
 * @throws {SigError} E_UPSTREAM_TLS, E_UPSTREAM, E_TIMEOUT
 */
export function secure(raw: Socket, options: SecureOptions): Promise<Secured> {
  const { name, host, context, timeoutMs, session } = options;
  const isName = hostKind(host) === 'name';
  const gate = NEEDS_GATE ? createGate(raw) : undefined;
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: gate ?? raw,
      host: bareHost(host),
      // RFC 6066 §3: addresses are not sent.
      ...(isName ? { servername: host } : {}),
      secureContext: context,
      ALPNProtocols: [...options.protocols ?? ['http/1.1']],
      // Explicit, since NODE_TLS_REJECT_UNAUTHORIZED would change the default (security case T1).
      rejectUnauthorized: true,
      ...(session ? { session: session as never } : {}),
    });
    const limit = setTimeout(() => {
      fail(new SigError('E_TIMEOUT', `Cannot begin TLS with "${name}" within ${timeoutMs} ms`));
    }, timeoutMs);

    function fail(error: SigError): void {
      clearTimeout(limit);
      socket.off('close', hungUp);
      // What a socket says after its end is of no interest, but must be listened to.
      socket.on('error', () => {});
      socket.destroy();
      raw.destroy();
      reject(error);
    }

    function refuse(error: Error): void {
      fail(explainTlsFailure(name, error));
    }

    function hungUp(): void {
      refuse(new Error('closed'));
    }

    socket.once('error', refuse);
    socket.once('close', hungUp);
    if (options.onSession) socket.on('session', options.onSession);
    socket.once('secureConnect', () => {
      // The runtimes have refused already what is not so. This is the second lock on the door.
      if (!socket.authorized) return refuse(socket.authorizationError ?? new Error('the certificate is not verified'));
      if (isWeak(socket)) return refuse(new Error('weak key'));
      clearTimeout(limit);
      socket.off('error', refuse);
      socket.off('close', hungUp);
      resolve({ socket, gate });
    });
  });
}

function isWeak(socket: TLSSocket): boolean {
  const { bits, modulus } = socket.getPeerCertificate() as { bits?: number; modulus?: string };
  return modulus !== undefined && bits !== undefined && bits < MIN_RSA_BITS;
}
