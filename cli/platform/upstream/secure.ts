import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { saysRevoked } from '../../../src/certificate/ocsp.ts';
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

/** Handed on by `connect`, which its types do not know. */
const WITH_STAPLE: object = { requestOCSP: true };

/** RSA keys below are too weak (security case T1); BoringSSL and some OpenSSL take them. */
const MIN_RSA_BITS = 2048;

/**
 * Begins TLS on a socket and verifies whom it speaks to, before a byte of ours is sent. A server that staples an
 * OCSP response by which its own certificate is revoked is refused; one that staples none, or another, is not
 * (security case T3). Deno and Bun show no staple.
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
      ...WITH_STAPLE,
      ...(session ? { session: session as never } : {}),
    });
    let staple: Uint8Array | null = null;
    let hasFailed = false;
    const limit = setTimeout(() => {
      fail(new SigError('E_TIMEOUT', `Cannot begin TLS with "${name}" within ${timeoutMs} ms`));
    }, timeoutMs);

    function fail(error: SigError): void {
      hasFailed = true;
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
    const { onSession } = options;
    // A session would be resumed without another look at the certificate, so none is kept of one that is refused.
    if (onSession) socket.on('session', (fresh) => hasFailed || onSession(fresh));
    // Read only when the handshake is over, so that nobody on the way can have put it there. Not sent in a resumption.
    socket.on('OCSPResponse', (response: Uint8Array | null) => staple = response);
    socket.once('secureConnect', () => {
      // The runtimes have refused already what is not so. This is the second lock on the door.
      if (!socket.authorized) return refuse(socket.authorizationError ?? new Error('the certificate is not verified'));
      if (isWeak(socket)) return refuse(new Error('weak key'));
      if (isRevoked(socket, staple)) return refuse(new Error('REVOKED'));
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

function isRevoked(socket: TLSSocket, staple: Uint8Array | null): boolean {
  if (staple === null || staple.length === 0) return false;
  return saysRevoked(new Uint8Array(staple), socket.getPeerCertificate().serialNumber, Date.now() / 1000);
}
