import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';
import type { ChildProxy } from '../../../src/proxy/child_environment.ts';
import type { Daemon, DaemonStatus, ProxySession } from '../../command/command.ts';
import { ensurePrivateFolder } from '../private_path.ts';
import { openSocketFolder } from '../socket_folder.ts';
import { toStoreError } from '../store_error.ts';

/** Whose daemon it is. */
export interface DaemonOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command that is `sig`. Default: this process's own. */
  readonly command?: readonly [string, ...string[]] | undefined;
}

const SOCKET = 'control';
const LOG = 'daemon.log';
/** Until a started daemon must answer, and a stopped one be gone. */
const PATIENCE_MS = 15_000;
const MAX_MESSAGE = 65_536;

/**
 * What the daemon is given of the environment (security case P14): nothing that could open a door into
 * it, such as NODE_OPTIONS, and nothing that it does not need.
 */
const KEPT = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'SIG_HOME',
  'SIG_PASSPHRASE_FILE',
  'SIG_EXTRA_CA',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'DENO_CERT',
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'SystemRoot',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'TEMP',
  'DENO_DIR',
];

/**
 * What the daemon's Node is told. V8 lets its young generation grow to 48 MiB and keeps it; a quarter of that is less
 * to hold while it waits, and takes less time under load, since more of it stays in the processor's cache (2026-11-22).
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];

/** And neither what calls itself Node, nor an executable of ours. */
const IS_NODE = !('Bun' in globalThis) && !('Deno' in globalThis);

type Asked = 'status' | 'child' | 'lock' | 'stop';

/**
 * The daemon of a home. It is controlled through a socket in a folder that nobody else can enter, never
 * by a process number that may be somebody else's by now (security case P13).
 */
export function createDaemon({ home, env, command }: DaemonOptions): Daemon {
  const folder = join(home, 'proxy');

  async function ask(what: Asked): Promise<unknown> {
    let sockets;
    try {
      sockets = openSocketFolder(folder, SOCKET.length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return await exchange(sockets.path(SOCKET), what);
    } finally {
      sockets.close();
    }
  }

  const status = async () => await ask('status') as DaemonStatus | undefined;
  return {
    status,
    child: async () => await ask('child') as ChildProxy | undefined,
    async start(args) {
      const running = await status();
      if (running) {
        throw new SigError('E_EXISTS', `A proxy runs already, on port ${running.port}`, { hint: 'sig proxy stop' });
      }
      ensurePrivateFolder(home);
      ensurePrivateFolder(folder);
      const log = openSync(join(folder, LOG), 'w', 0o600);
      const [file, ...first] = command ??
        [
          process.execPath,
          ...IS_NODE ? NODE_FLAGS : [],
          ...process.execArgv.filter(isHarmless),
          ...selfOf(process.argv[1]),
        ];
      const own = [file, ...first, 'proxy', 'serve', '--home', home, ...args];
      // No core file: it would hold what is decrypted (security case R17).
      const argv = process.platform === 'win32' ? own : ['/bin/sh', '-c', 'ulimit -c 0; exec "$@"', 'sig', ...own];
      const child = spawn(argv[0]!, argv.slice(1), {
        detached: true,
        stdio: ['ignore', log, log],
        env: cleanEnvironment(env),
      });
      closeSync(log);
      let failure: string | undefined;
      child.once('error', () => failure = 'it does not start');
      child.once('exit', () => failure ??= readFileSync(join(folder, LOG), 'utf8').trim().slice(0, 2_000));
      const started = await until(async () => failure !== undefined || await status());
      child.unref();
      if (typeof started === 'object' && started.pid === child.pid) return started;
      throw new SigError('E_INTERNAL', `The proxy did not start: ${failure ?? 'it does not answer'}`, {
        hint: `see ${join(folder, LOG)}`,
      });
    },
    async lock() {
      const answer = await ask('lock') as { readonly locked?: unknown } | undefined;
      if (answer === undefined) return false;
      if (answer.locked === true) return true;
      throw new SigError('E_INTERNAL', 'The proxy does not lock', { hint: 'sig proxy stop' });
    },
    async stop() {
      if (await ask('stop') === undefined) return false;
      if (await until(async () => await status() === undefined)) return true;
      throw new SigError('E_TIMEOUT', 'The proxy does not stop');
    },
    async serve(session, onStop) {
      ensurePrivateFolder(folder);
      if (await status()) throw new SigError('E_EXISTS', 'A proxy runs already', { hint: 'sig proxy stop' });
      const sockets = openSocketFolder(folder, SOCKET.length);
      const path = sockets.path(SOCKET);
      // Nobody answers there: what is left is of a daemon that was killed.
      rmSync(path, { force: true });
      const open = new Set<Socket>();
      const server = createServer((socket) => {
        open.add(socket);
        socket.on('close', () => open.delete(socket));
        answer(socket, session, onStop);
      });
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) => reject(toStoreError(error, `listen in "${folder}"`)));
        server.listen(path, resolve);
      });
      return async () => {
        for (const socket of open) socket.destroy();
        await new Promise<void>((resolve) => server.close(() => resolve()));
        sockets.close();
      };
    },
  };
}

/** The environment of the daemon, out of that of whoever starts it. */
export function cleanEnvironment(env: DaemonOptions['env']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT) if (env[name] !== undefined) kept[name] = env[name];
  return kept;
}

function isHarmless(option: string): boolean {
  return !/^--(?:inspect|heap|report|abort|cpu-prof|diagnostic)/.test(option);
}

function selfOf(script: string | undefined): string[] {
  return script === undefined ? [] : [script];
}

function answer(socket: Socket, session: ProxySession, onStop: () => void): void {
  let text = '';
  socket.on('error', () => {});
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (text.length > 64) return void socket.destroy();
    if (!text.endsWith('\n')) return;
    const asked = text.trim();
    if (asked === 'lock') session.lock();
    const result = asked === 'status' || asked === 'stop' || asked === 'lock'
      ? { ...session.status(), pid: process.pid }
      : asked === 'child'
      ? session.child()
      : { error: 'unknown' };
    socket.end(`${JSON.stringify(result)}\n`, () => {
      if (asked === 'stop') onStop();
    });
  });
}

/** One question and its answer; `undefined` when nobody listens. */
function exchange(path: string, what: Asked): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.once('connect', () => socket.write(`${what}\n`));
    socket.on('data', (bytes) => {
      text += bytes.toString();
      if (text.length > MAX_MESSAGE) socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') resolve(undefined);
      else reject(toStoreError(error, `reach the proxy at "${path}"`));
    });
    socket.once('close', () => {
      try {
        resolve(JSON.parse(text));
      } catch {
        resolve(undefined); // It ended while it was asked.
      }
    });
  });
}

async function until<T>(look: () => Promise<T>): Promise<T | undefined> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found || performance.now() > end) return found || undefined;
    let timer: ReturnType<typeof setTimeout>;
    await new Promise<void>((resolve) => timer = setTimeout(resolve, 50));
    clearTimeout(timer!);
  }
}
