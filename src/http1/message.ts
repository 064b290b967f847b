import type { HeaderPairs } from '../target/head.ts';
import type { RequestTarget } from './request_target.ts';

/** How the end of a body is found (RFC 9112 §6.3). */
export type Framing =
  | { readonly kind: 'none' }
  /** So many bytes. */
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Until the connection closes. Responses only. */
  | { readonly kind: 'close' }
  /** What follows is not HTTP: after CONNECT, or after 101. */
  | { readonly kind: 'tunnel' };

/**
 * The parsed head of a request. When a connection brings the same fields again, byte for byte, `fields` is the very same
 * array, and `isRepeated` of it is true; when the line is the same as well, so is the whole object.
 */
export interface ParsedRequest {
  readonly method: string;
  readonly target: RequestTarget;
  /** Minor version: 1 of HTTP/1.1, 0 of HTTP/1.0. */
  readonly minor: 0 | 1;
  /** All fields as written: order, case and duplicates kept, values as latin-1. */
  readonly fields: HeaderPairs;
  /** The value of the one Host field; `undefined` only with HTTP/1.0. */
  readonly host: string | undefined;
  readonly framing: Framing;
  /** Whether the client would send another request on this connection. */
  readonly keepAlive: boolean;
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** The protocol that `Upgrade` asks for, in lower case, when `Connection` nominates it. */
  readonly upgrade: string | undefined;
}

/** The parsed head of a response. */
export interface ParsedResponse {
  readonly status: number;
  readonly reason: string;
  /** Minor version: 1 of HTTP/1.1, 0 of HTTP/1.0. */
  readonly minor: 0 | 1;
  /** All fields as written: order, case and duplicates kept, values as latin-1. */
  readonly fields: HeaderPairs;
  readonly framing: Framing;
  /** Whether the server would take another request on this connection. */
  readonly keepAlive: boolean;
  /** A 1xx other than 101: the answer itself is still to come. */
  readonly interim: boolean;
  /** The bytes of the head as they came; absent where there are none, as with HTTP/2. */
  readonly raw?: Uint8Array;
}

/** What a decoder found: a head, a piece of the body, or the end of the message. */
export type MessageEvent<Message> =
  | { readonly kind: 'head'; readonly message: Message }
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly trailers: HeaderPairs };
