import { Buffer } from 'node:buffer';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SigError } from '../../src/errors.ts';
import type { ListenForRedirect } from '../../src/ports.ts';
import { parseLoopbackRedirect } from '../../src/target/loopback_redirect.ts';

/** What a page says is static: nothing of the request stands in it (security case B13). */
const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Connection': 'close',
};
const DONE = page('You can close this window', 'The terminal says whether you are logged in.');
const NOT_FOUND = page('Not found', 'There is nothing here.');

/**
 * Listens at 127.0.0.1 for the one visit of a person's browser that ends an authorization (RFC 8252
 * §7.3). Anything but a plain visit to the exact address is told that there is nothing, and changes
 * nothing: other paths, methods and `Host`s, and whatever a page of another site loads.
 */
export const listenForRedirect: ListenForRedirect = async (redirectUri) => {
  const { target, path, anyPort } = parseLoopbackRedirect(redirectUri);
  let take: (query: string | undefined) => void;
  const taken = new Promise<string | undefined>((resolve) => take = resolve);
  let host = '';
  let isOver = false;
  const server = createServer((request, response) => {
    const query = isOver ? undefined : readVisit(request, host, path);
    const [status, body] = query === undefined ? [404, NOT_FOUND] as const : [200, DONE] as const;
    response.writeHead(status, { ...HEADERS, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
    if (query === undefined) return;
    isOver = true;
    // From here on nobody can connect; who is connected is told that there is nothing.
    server.close();
    response.on('close', () => take(query));
  });
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    server.once('error', reject);
    server.listen(anyPort ? 0 : target.port, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  }).catch((cause) => {
    throw new SigError('E_EXISTS', `Cannot listen on 127.0.0.1:${target.port} for the browser to come back`, {
      hint: 'end the program that listens there, or register another redirect URI',
      cause,
    });
  });
  host = `${target.host}:${port}`;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    take(undefined);
  };
  return {
    redirectUri: `http://${host}${path}`,
    async wait(timeoutMs, signal) {
      const stop = () => take(undefined);
      const timer = setTimeout(stop, timeoutMs);
      signal?.addEventListener('abort', stop, { once: true });
      if (signal?.aborted) stop();
      try {
        return await taken;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        await close();
      }
    },
    close,
  };
};

/** The query of a visit to exactly that host and path; `undefined` for anything else. */
function readVisit(request: IncomingMessage, host: string, path: string): string | undefined {
  const { method, url = '', headers, rawHeaders } = request;
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (method !== 'GET' || hosts.length !== 1 || headers.host !== host) return undefined;
  // Where the browser says so (Fetch Metadata), what a page loads is told from where a person goes.
  const dest = headers['sec-fetch-dest'];
  if (dest !== undefined && dest !== 'document') return undefined;
  const at = url.indexOf('?');
  return (at < 0 ? url : url.slice(0, at)) === path ? (at < 0 ? '' : url.slice(at + 1)) : undefined;
}

function page(title: string, text: string): string {
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>sig</title><h1>${title}</h1><p>${text}</p></html>\n`;
}
