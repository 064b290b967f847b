/**
 * The proxy of one form of `sig`, with nothing in between: a test writes the bytes of the client and
 * those of the server, and reads what reached the other side.
 *
 * @module
 */

import { chmod, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { makeCanary } from '../_lib/canary.ts';
import { type RunningCommand, startCommand } from '../_lib/command.ts';
import { makeWorld, tokenProvider } from '../_lib/make_world.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { startServer } from '../_lib/tls_server.ts';
import { createWire, type Wire } from '../_lib/wire.ts';
import type { Form } from './forms_lab.ts';

/** One case. */
export type ProxyCase = (world: ProxyWorld, form: Form) => Promise<void>;

/** How a tunnel is made. */
export interface TunnelOptions {
  /** Where to. Default {@link ProxyWorld.authority}. */
  readonly authority?: string;
  /** By SNI; none when it is empty. Default: the host of the authority. */
  readonly servername?: string;
}

/** A proxy that runs, and both ends of it. */
export interface ProxyWorld {
  /** `host:port` of the server, which a provider claims that is logged in. */
  readonly authority: string;
  /** The same server by a name of which the login is missing. */
  readonly unknown: string;
  /** The secret of the login. */
  readonly token: string;
  /** What signs for intercepted hosts. */
  readonly caPem: string;
  readonly port: number;
  readonly running: RunningCommand;
  /** A connection to the proxy. */
  dial(): Promise<Wire>;
  /** CONNECT by the proxy, then TLS of HTTP/1.1. */
  tunnel(options?: TunnelOptions): Promise<Wire>;
  /** The server's end of a connection whose first request is for that target; nothing of it was taken. */
  serve(target: string): Promise<Wire>;
  /** How many connections the server was given. */
  connections(): number;
  /** Whether anything started a browser. */
  hasOpenedBrowser(): boolean;
  close(): Promise<void>;
}

/** Starts the proxy of a form. Whoever starts it closes it. */
export async function startProxyWorld(form: Form): Promise<ProxyWorld> {
  const folder = await makeTempFolder();
  const home = join(folder.path, '.sig');
  const arrived = new Map<string, Wire>();
  const waiting = new Map<string, (wire: Wire) => void>();
  const open = new Set<Socket>();

  function onSocket(socket: Socket): void {
    const wire = createWire(socket);
    const sort = () => {
      const target = /^\S+ (\S+) HTTP[^]*?\r\n\r\n/.exec(wire.pending)?.[1];
      if (target === undefined) return;
      socket.off('data', sort);
      const give = waiting.get(target);
      waiting.delete(target);
      if (give) give(wire);
      else arrived.set(target, wire);
    };
    socket.on('data', sort);
  }

  // The second one is the network's own proxy, which hosts are reached by that nobody claims.
  const options = { onSocket, forgetsBytes: true };
  const [server, network] = await Promise.all([startServer(options), startServer({ ...options, plain: true })]);
  const [authority, unknown] = [`localhost:${server.port}`, `127.0.0.1:${server.port}`];
  const token = makeCanary();
  const config = `providers:\n${tokenProvider('api', authority)}${browserProvider('nobody', unknown)}`;
  const world = await makeWorld(home, config, { SIG_EXTRA_CA: server.caFile });
  await world.logIn('api', { token });
  const opened = join(folder.path, 'opened');
  const browser = join(folder.path, 'browser');
  await writeFile(browser, `#!/bin/sh\n: > '${opened}'\n`);
  await chmod(browser, 0o755);
  const [file, ...first] = form.command;
  const running = startCommand(file, [...first, 'proxy'], {
    cwd: dirname(home),
    env: {
      HOME: dirname(home),
      LANG: 'C.UTF-8',
      SIG_HOME: home,
      SIG_EXTRA_CA: server.caFile,
      SIG_BROWSER: browser,
      http_proxy: `http://127.0.0.1:${network.port}`,
      https_proxy: `http://127.0.0.1:${network.port}`,
      no_proxy: 'localhost,127.0.0.1',
      ...form.env,
    },
    timeoutMs: 900_000,
  });
  const port = Number((await running.waitFor(/http:\/\/127\.0\.0\.1:(\d+)\n/))[1]);
  const caPem = await readFile(join(home, 'proxy/ca.pem'), 'utf8');

  async function dialSocket(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  }

  return {
    authority,
    unknown,
    token,
    caPem,
    port,
    running,
    dial: async () => createWire(await dialSocket()),
    async tunnel({ authority: to = authority, servername = to.replace(/:\d+$/, '') } = {}) {
      const raw = await dialSocket();
      const answer = new Promise<string>((resolve, reject) => {
        raw.once('data', (bytes) => resolve(bytes.toString('latin1')));
        raw.once('close', () => reject(new Error('closed before CONNECT was answered')));
      });
      raw.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`);
      const head = await answer;
      if (head !== 'HTTP/1.1 200 Connection Established\r\n\r\n') throw new Error(head);
      return await new Promise((resolve, reject) => {
        const tls = connectTls({
          socket: raw,
          ca: caPem,
          host: to.replace(/:\d+$/, ''),
          // RFC 6066 §3: addresses are not sent.
          ...(servername === '' || /^[\d.]+$/.test(servername) ? {} : { servername }),
          checkServerIdentity: () => undefined,
          ALPNProtocols: ['http/1.1'],
        });
        tls.once('secureConnect', () => resolve(createWire(tls)));
        tls.once('error', reject);
        tls.once('close', () => reject(new Error('closed before TLS was done')));
      });
    },
    serve(target) {
      const wire = arrived.get(target);
      arrived.delete(target);
      return wire ? Promise.resolve(wire) : new Promise((resolve) => waiting.set(target, resolve));
    },
    connections: () => server.connections + network.connections,
    hasOpenedBrowser: () => existsSync(opened),
    async close() {
      running.kill('SIGKILL');
      await running.done;
      for (const socket of open) socket.destroy();
      await Promise.all([server.close(), network.close()]);
      await folder.remove();
    },
  };
}

function browserProvider(id: string, domain: string): string {
  return `  ${id}:
    domains: ['${domain}']
    strategy: browser
    entryUrl: https://${domain}/
    extract: [{ from: cookies, as: session, match: '*' }]
    apply: [{ in: header, name: Cookie, value: '\${session}' }]
`;
}

/** A request for the server. */
export function get({ authority }: ProxyWorld, path: string, ...fields: string[]): string {
  return `${[`GET ${path} HTTP/1.1`, `Host: ${authority}`, ...fields].join('\r\n')}\r\n\r\n`;
}

/** The head of a request with a body. */
export function post(world: ProxyWorld, path: string, ...fields: string[]): string {
  return get(world, path, ...fields).replace('GET', 'POST');
}

/** A whole answer. */
export function ok(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** One chunk of a body. */
export function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
