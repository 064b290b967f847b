/**
 * What every form of `sig` is tried against: one server that gives tokens and answers in all the
 * ways that matter, and one home for each form.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect } from 'vitest';
import type { InstallForm } from '../../cli/command/command.ts';
import { makeCanary } from '../_lib/canary.ts';
import { type CommandResult, runCommand, type RunningCommand, startCommand } from '../_lib/command.ts';
import { converse } from '../_lib/proxy.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { type Answer, type Handler, type ReceivedRequest, startServer, type TestServer } from '../_lib/tls_server.ts';
import { accepting, frame } from '../_lib/web_socket.ts';

/** What the one client of the server logs in with. */
export const CLIENT_SECRET: string = makeCanary();

/** One way in which people have `sig`. */
export interface Form {
  /** The program and its first arguments. */
  readonly command: readonly [file: string, ...args: string[]];
  /** What it needs of the environment: nothing else is there. */
  readonly env: Readonly<Record<string, string>>;
  /** What it is to say of itself. */
  readonly installForm: InstallForm;
}

/** The server of all forms. */
export interface FormServer {
  readonly server: TestServer;
  /** Every token that it gave, in order; the last one is good. */
  readonly tokens: readonly string[];
  /** Takes the good token back. */
  revoke(): void;
  /** Bytes of `/bytes`. */
  readonly bytes: Buffer;
  /** Lets the next event of `/events` go. */
  nextEvent(): void;
  /** Resolves when the client of `/endless` has gone. */
  readonly gone: Promise<void>;
}

/** A form with a home of its own. */
export interface FormWorld {
  readonly home: string;
  readonly lab: FormServer;
  /** `localhost:port` of the server. */
  readonly authority: string;
  sig(args: readonly string[], stdin?: string): Promise<CommandResult>;
  start(args: readonly string[]): RunningCommand;
  /** The one proxy of this form, started when it is first asked for. */
  proxy(): Promise<{ readonly port: number; readonly running: RunningCommand }>;
  /** CONNECT to the server by the proxy, then TLS. */
  tunnel(servername?: string): Promise<TLSSocket>;
  /** A request in a tunnel of its own. */
  request(path: string, headers?: string): Promise<string>;
  /** Requests for a path, since the form began. */
  seen(path: string): readonly ReceivedRequest[];
  readonly form: Form;
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts the server. Whoever starts it closes it. */
export async function startFormServer(): Promise<FormServer> {
  const tokens: string[] = [];
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919 + (i >> 8)) & 0xff));
  let isRevoked = false;
  let next = () => {};
  let leave = () => {};
  let gone = new Promise<void>((resolve) => leave = resolve);
  const answers: Readonly<Record<string, (request: ReceivedRequest, socket: Parameters<Handler>[1]) => Answer | void>> =
    {
      '/bytes': () => ({ body: bytes }),
      '/json': () => ({ body: { name: 'Ada', tags: ['\u{1f511}', '</script>'] } }),
      '/missing': () => ({ status: 404, body: 'nothing here' }),
      '/chunked': () => ({ body: pieces('one ', 'two ', 'three') }),
      '/echo': (request) => ({ body: `${request.header('authorization')}` }),
      '/split': (request) => {
        const token = request.header('authorization')!;
        return { body: pieces('you sent ', token.slice(0, 12), token.slice(12, 20), token.slice(20), '.') };
      },
      '/empty': () => ({ status: 204, body: null }),
      '/same': () => ({ status: 304, headers: { ETag: '"1"' }, body: null }),
      '/head': () => ({ body: 'seven!!' }),
      '/big': () => ({ body: Buffer.alloc(8 * 1024 * 1024, 'x') }),
      '/cut': () => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', close: true }),
      '/cut-late': () => ({
        raw: `HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(200_000)}`,
        close: true,
      }),
      '/events': () => ({
        headers: { 'Content-Type': 'text/event-stream' },
        body: (async function* () {
          // No secret begins with the end of it: it comes through in one piece.
          yield 'data: {1}\n\n';
          await new Promise<void>((resolve) => next = resolve);
          yield 'data: {2}\n\n';
        })(),
      }),
      '/endless': (_request, socket) => {
        gone = new Promise((resolve) => socket.once('close', () => resolve()));
        void gone.then(leave);
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n');
      },
      '/socket': (_request, socket) => {
        socket.write(accepting());
        socket.write(frame(1, `you sent ${tokens.at(-1)}.`));
        socket.on('data', (chunk: Buffer) => socket.write(chunk));
      },
    };
  const server = await startServer({
    handler: (request, socket) => {
      const { path } = request;
      if (path === '/oauth/token') {
        const asked = new URLSearchParams(request.body.toString());
        const hasSecret = asked.get('client_secret') === CLIENT_SECRET ||
          request.header('authorization') === `Basic ${btoa(`form-client:${CLIENT_SECRET}`)}`;
        if (asked.get('grant_type') !== 'client_credentials' || !hasSecret) {
          return { status: 401, body: { error: 'invalid_client' } };
        }
        isRevoked = false;
        tokens.push(makeCanary());
        return { body: { access_token: tokens.at(-1)!, token_type: 'Bearer', expires_in: 3600 } };
      }
      if (isRevoked || request.header('authorization') !== `Bearer ${tokens.at(-1)}`) {
        return {
          status: 401,
          headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
          body: { error: 'who?' },
        };
      }
      return answers[path] ? answers[path](request, socket) : { body: 'ok' };
    },
  });
  return {
    server,
    tokens,
    bytes,
    revoke: () => void (isRevoked = true),
    nextEvent: () => next(),
    get gone() {
      return gone;
    },
  };
}

/** Gives a form a home, in which nothing is yet. Whoever makes it closes it. */
export async function makeFormWorld(form: Form, lab: FormServer): Promise<FormWorld> {
  const folder = await makeTempFolder();
  const home = join(folder.path, '.sig');
  const { server } = lab;
  const authority = `localhost:${server.port}`;
  const [file, ...first] = form.command;
  const env = { HOME: folder.path, SIG_HOME: home, SIG_EXTRA_CA: server.caFile, LANG: 'C.UTF-8', ...form.env };
  const started = new Set<RunningCommand>();
  const since = server.requests.length;
  let proxy: Promise<{ port: number; running: RunningCommand }> | undefined;
  const world: FormWorld = {
    home,
    lab,
    authority,
    form,
    env,
    sig: (args, stdin) =>
      runCommand(file, [...first, ...args], { env, cwd: folder.path, ...(stdin === undefined ? {} : { stdin }) }),
    start(args) {
      const running = startCommand(file, [...first, ...args], { env, cwd: folder.path, timeoutMs: 120_000 });
      started.add(running);
      running.done.then(() => started.delete(running), () => started.delete(running));
      return running;
    },
    proxy: () =>
      proxy ??= (async () => {
        const running = world.start(['proxy']);
        const [, port] = await running.waitFor(/http:\/\/127\.0\.0\.1:(\d+)\n/);
        return { port: Number(port), running };
      })(),
    async tunnel(servername) {
      const [{ port }, ca] = [await world.proxy(), await readFile(join(home, 'proxy/ca.pem'), 'utf8')];
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      const answer = await converse(socket, `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, /\r\n\r\n/);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      return await new Promise((resolve, reject) => {
        const tls = connectTls({ socket, ca, host: 'localhost', ...(servername === undefined ? {} : { servername }) });
        tls.once('secureConnect', () => resolve(tls));
        tls.once('error', reject);
      });
    },
    async request(path, headers = '') {
      const socket = await world.tunnel('localhost');
      try {
        return await converse(socket, `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n${headers}\r\n`);
      } finally {
        socket.destroy();
      }
    },
    seen: (path) => server.requests.slice(since).filter((request) => request.path === path),
    async close() {
      for (const running of started) running.kill('SIGKILL');
      await Promise.allSettled([...started].map((running) => running.done));
      await folder.remove();
    },
  };
  return world;
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}
