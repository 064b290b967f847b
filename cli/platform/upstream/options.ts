import type { Lookup } from './resolve.ts';

/** What an upstream is made with. */
export interface UpstreamOptions {
  /** Answers with an environment variable's value. */
  readonly env: (name: string) => string | undefined;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Milliseconds for TCP, for each TLS handshake, and for a proxy's answer. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds of a clock that only goes forward. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
  /** Connections at the same time, to all servers. Default 2,048. */
  readonly maxConnections?: number | undefined;
  /**
   * Whether free connections may keep the process alive, in one that serves until it is told to stop: to let it end
   * costs two calls into the system's event loop for each request. Default false.
   */
  readonly mayHoldProcess?: boolean | undefined;
}
