import http2, { type ClientHttp2Session } from 'node:http2';
import { clearTimeout, setTimeout } from 'node:timers';
import type { TLSSocket } from 'node:tls';
import type { Connection } from './connection.ts';
import { createStreamConnection } from './http2_connection.ts';
import type { Opened } from './open.ts';

/** Open sessions, by route: those of one owner are never another's (security case X5). */
export interface Http2Sessions {
  /**
   * A connection for one request: on the session of this route if there is one, or one is being made.
   *
   * @param name the server as messages name it
   * @param dial connects and offers HTTP/2
   * @param onClose called once for each session that was begun, when it is over
   * @returns what was dialled, when the server chose another version
   * @throws {SigError} what `dial` throws
   */
  connect(key: string, name: string, dial: () => Promise<Opened>, onClose: () => void): Promise<Connection | Opened>;
  /** Closes the sessions of routes whose key begins so, as soon as they carry nothing; all by default. */
  clear(prefix?: string): void;
}

interface Session {
  readonly session: ClientHttp2Session;
  open(): Connection;
}

/** Until a session without requests is closed, in milliseconds. */
const IDLE_MS = 30_000;

/** Bytes that a server may send ahead on one stream, so that distance does not make it slow. */
const WINDOW_BYTES = 1024 * 1024;

/** Makes the store. */
export function createHttp2Sessions(idleMs: number = IDLE_MS): Http2Sessions {
  const sessions = new Map<string, Session>();
  const dialling = new Map<string, Promise<unknown>>();

  function find(key: string): Session | undefined {
    const found = sessions.get(key);
    return found && !found.session.closed && !found.session.destroyed ? found : undefined;
  }

  function begin(key: string, name: string, socket: TLSSocket, onClose: () => void): Session {
    const made = createSession(name, socket, idleMs);
    const forget = () => {
      if (sessions.get(key) === made) sessions.delete(key);
    };
    sessions.set(key, made);
    // What its streams lose, they say themselves.
    made.session.on('error', forget);
    made.session.on('goaway', forget);
    made.session.once('close', () => {
      forget();
      socket.destroy();
      onClose();
    });
    return made;
  }

  return {
    async connect(key, name, dial, onClose) {
      // Whoever waits learns nothing of a failure of others, and tries by itself.
      await dialling.get(key)?.catch(() => {});
      const found = find(key);
      if (found) return found.open();
      const dialled = dial();
      dialling.set(key, dialled);
      try {
        const opened = await dialled;
        const socket = opened.socket as TLSSocket;
        return socket.alpnProtocol === 'h2' ? begin(key, name, socket, onClose).open() : opened;
      } finally {
        if (dialling.get(key) === dialled) dialling.delete(key);
      }
    },
    clear(prefix = '') {
      for (const [key, { session }] of sessions) {
        if (!key.startsWith(prefix)) continue;
        sessions.delete(key);
        session.close();
      }
    },
  };
}

function createSession(name: string, socket: TLSSocket, idleMs: number): Session {
  const session = http2.connect(`https://${name}`, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES, maxHeaderListSize: 65_536 },
    maxHeaderListPairs: 300,
  });
  let streams = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;
  session.once('close', () => clearTimeout(idle));
  return {
    session,
    open() {
      clearTimeout(idle);
      streams++;
      session.ref();
      return createStreamConnection(session, name, () => {
        if (--streams > 0) return;
        idle = setTimeout(() => session.close(), idleMs).unref();
        session.unref();
      });
    },
  };
}
