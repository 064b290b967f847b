import { Buffer } from 'node:buffer';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isSigError } from '../../../src/errors.ts';
import { parseAuthority, parseUrl } from '../../../src/target/target.ts';

/** A proxy for one browser. */
export interface BrowserRelay {
  /** `http://127.0.0.1:port`. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy on loopback that reaches the network another way, since Chromium cannot sign in
 * to a SOCKS proxy. Nobody uses it without its password, which only the browser is told.
 *
 * @param dial opens a connection to a canonical host
 */
export async function startRelay(dial: (host: string, port: number) => Promise<Socket>): Promise<BrowserRelay> {
  const username = 'sig';
  const password = randomBytes(16).toString('hex');
  const expected = digest(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  const mayPass = (given: string | undefined) => timingSafeEqual(digest(given ?? ''), expected);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };

  // Plain http: the request itself, in absolute form.
  const server = createServer(async (request, response) => {
    const refuse = (status: number, headers = {}) => {
      request.resume();
      response.writeHead(status, headers).end();
    };
    if (!mayPass(request.headers['proxy-authorization'])) return refuse(407, CHALLENGE);
    try {
      const { target, path } = parseUrl(request.url!);
      if (target.scheme !== 'http') return refuse(400);
      const socket = await dial(target.host, target.port);
      keep(socket);
      const headers: Record<string, string | string[] | undefined> = { ...request.headers, connection: 'close' };
      delete headers['proxy-authorization'];
      delete headers['proxy-connection'];
      const upstream = httpRequest(
        { method: request.method!, path, headers, createConnection: () => socket },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        },
      );
      upstream.on('error', () => response.destroy());
      response.on('close', () => upstream.destroy());
      request.pipe(upstream);
    } catch (error) {
      refuse(isSigError(error, 'E_TARGET') ? 400 : 502);
    }
  });
  server.on('connect', async (request, client: Socket, early: Buffer) => {
    keep(client);
    if (!mayPass(request.headers['proxy-authorization'])) {
      client.end(
        `HTTP/1.1 407 Sign in\r\nProxy-Authenticate: ${CHALLENGE['Proxy-Authenticate']}\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    try {
      const { host, port } = parseAuthority(request.url!, 'https');
      const upstream = await dial(host, port);
      keep(upstream);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      if (early.length > 0) upstream.write(early);
      client.pipe(upstream).pipe(client);
    } catch (error) {
      client.end(
        `HTTP/1.1 ${isSigError(error, 'E_TARGET') ? '400 Bad authority' : '502 No way'}\r\nContent-Length: 0\r\n\r\n`,
      );
    }
  });
  server.on('connection', keep);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    username,
    password,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const CHALLENGE = { 'Proxy-Authenticate': 'Basic realm="sig"' } as const;

/** Of equal length, so that comparing takes the same time for each. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
