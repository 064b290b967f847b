/**
 * Whether HTTP/2 is spoken on this runtime. Not on Deno: a session of its node:http2 can abort the whole
 * process, which no JavaScript can catch (Deno 2.9.6, denoland/deno#36788; 2026-11-22). When that is fixed
 * this constant may go.
 */
export const SPEAKS_HTTP2: boolean = !('Deno' in globalThis);

/** What is offered by ALPN to a peer with whom either version will do. */
export const BOTH_VERSIONS: readonly string[] = SPEAKS_HTTP2 ? ['h2', 'http/1.1'] : ['http/1.1'];
