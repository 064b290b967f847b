/**
 * The world as types. The core never touches clock, network, disk or person by itself: it is
 * handed these. Each has at least two real implementations: the platform's and the one in memory.
 *
 * @module
 */

import type { Cookie } from './credential/cookie.ts';
import type { Secret } from './secret.ts';
import type { HeaderPairs, RequestHead } from './target/head.ts';

/** Tells the time. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

/** Lets time pass. */
export interface Timer {
  /** Resolves after that many milliseconds, or at once when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How one request is to be sent. */
export interface SendOptions {
  /** `http://`, `https://`, `socks5://` or `socks5h://` URL of a proxy; direct when absent. */
  readonly networkProxy?: string | undefined;
  /** Path of a PEM file with further trusted CAs. Verification is never turned off. */
  readonly caFile?: string | undefined;
  /** Whether loopback and private addresses may be dialled. Metadata addresses never may. */
  readonly allowPrivate?: boolean | undefined;
  /** Milliseconds until the response head must be there. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** Bytes of a body, piece by piece. A `ReadableStream` is one, and so is an array of chunks. */
export type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** An answer as it came over the wire: nothing merged, decoded or followed. */
export interface WireResponse {
  readonly status: number;
  /** Reason phrase, possibly empty. */
  readonly reason: string;
  readonly headers: HeaderPairs;
  /** The body, content coding untouched. Whoever gets it must read it to the end or `return()` it. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Sends one request and answers with its response, exactly: no redirect is followed, no body is
 * decoded, header order and duplicates stay, TLS is verified. Framing headers are the sender's
 * own business; `Content-Length` in the head is honoured when the body has that many bytes.
 *
 * A head and a body, not a `Request`: that one cannot carry a GET with a body, reorders headers,
 * and costs more than the rest of the path.
 *
 * @throws {SigError} E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT, E_PRIVATE_ADDRESS
 */
export type Send = (head: RequestHead, body: Body | null, options?: SendOptions) => Promise<WireResponse>;

/**
 * Undoes one content coding, chunk by chunk: what a chunk yields comes out before the next chunk is
 * asked for. Rejects when the bytes are not so coded or end too early.
 */
export type BodyDecoder = (coded: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * The content codings that can be undone here, by name in lower case: `gzip`, `deflate` (zlib, RFC
 * 1950), `deflate-raw`, `br`, `zstd`.
 */
export type BodyDecoders = Readonly<Record<string, BodyDecoder>>;

/** A stored value and the tag of this very content. */
export interface StoreEntry {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Changes whenever the content does. Opaque. */
  readonly etag: string;
}

/** A held lease. It ends when released, or when its process dies. */
export interface Lease {
  release(): Promise<void>;
}

/**
 * A compare-and-swap store of named values. Keys are as {@link requireStoreKey} says. The embedded
 * one is a folder; a fleet can put the same records elsewhere.
 *
 * @throws {SigError} E_STORE, E_PERMISSIONS, E_LOCKED from each member
 */
export interface Store {
  /** The value now, or `undefined`. */
  get(key: string): Promise<StoreEntry | undefined>;
  /**
   * Writes durably: afterwards either the old or the new value is there, whatever happens. Needs no
   * lease.
   *
   * @param ifEtag the tag the value must still have, `null` when it must not exist, absent for any
   * @returns the tag of the new value
   * @throws {SigError} E_CONFLICT when the value is no longer the expected one
   */
  put(key: string, bytes: Uint8Array<ArrayBuffer>, ifEtag?: string | null): Promise<string>;
  /** Removes a value; nothing happens when it is not there. */
  remove(key: string): Promise<void>;
  /**
   * Keeps a bad value for inspection under another name.
   *
   * @returns where it is now, as a person finds it
   */
  setAside(key: string): Promise<string>;
  /** The keys in a folder, sorted, without what was set aside. */
  list(folder: string): Promise<string[]>;
  /** Waits for the exclusive lease of that name, across processes. */
  lease(name: string): Promise<Lease>;
}

const STORE_NAME = '[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9_-])?';
const STORE_KEY = new RegExp(`^${STORE_NAME}/${STORE_NAME}$`);

/**
 * Returns a key of a {@link Store}, or throws.
 *
 * @param key `folder/name` out of `[a-z0-9._-]`; each has 1 to 128 characters, begins with a
 * letter or digit and does not end with a dot, so that different keys are different files on every file system
 * @throws {TypeError} when it is anything else
 */
export function requireStoreKey(key: string): string {
  if (STORE_KEY.test(key)) return key;
  throw new TypeError(`Invalid store key ${JSON.stringify(key.slice(0, 300))}`);
}

/**
 * The key under which a {@link Store} keeps a bad value: `<key>.corrupt-<time>`.
 *
 * @param nowMs milliseconds since 1970
 * @param isTaken whether a key is in use
 */
export function nameSetAside(key: string, nowMs: number, isTaken: (key: string) => boolean): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').replace(/[T.]/g, '-').slice(0, 15);
  for (let n = 1;; n++) {
    const name = `${key}.corrupt-${time}${n === 1 ? '' : `-${n}`}`;
    if (!isTaken(name)) return name;
  }
}

/** Whether a key or file name is that of a value which was set aside. */
export function isSetAside(name: string): boolean {
  return /\.corrupt-[0-9-]+$/.test(name);
}

/** Asks a person. */
export interface Prompt {
  /** A question whose answer is shown while typed. */
  line(question: string): Promise<string>;
  /** A question whose answer is not shown. */
  secret(question: string): Promise<Secret>;
  /** A yes or no; the default is no. */
  confirm(question: string): Promise<boolean>;
}

/** How a browser is opened. */
export interface BrowserOptions {
  /** Provider id. Each has a profile of its own, which outlives the session. */
  readonly profile: string;
  /** Whether a person sees it. */
  readonly mode: 'headless' | 'visible';
  readonly networkProxy?: string | undefined;
}

/** A tab. */
export interface BrowserPage {
  /** Origin of the top frame, such as `https://example.com`; `null` when it has none, as `about:blank`. */
  readonly origin: string | null;
  /** URL of the top frame, fragment included. It may hold secrets. */
  readonly url: string;
  readonly isLoading: boolean;
  /** What a visible field anywhere in the tab asks for. */
  readonly asks: 'password' | 'code' | null;
}

/**
 * An open browser. Nothing that a page's own script says is relied on: origins, cookies and
 * storage come from the browser.
 *
 * @throws {SigError} E_BROWSER from each member but `close` when the browser is gone
 */
export interface BrowserSession {
  /** Whether a person closed it, or it broke down. */
  readonly isClosed: boolean;
  /**
   * Loads a URL in the first tab and returns when the answer is there or cannot be had.
   *
   * @throws {SigError} E_UPSTREAM, E_UPSTREAM_TLS when nothing can be loaded
   */
  goto(url: string): Promise<void>;
  pages(): Promise<readonly BrowserPage[]>;
  /** All cookies of the profile. */
  cookies(): Promise<readonly Cookie[]>;
  setCookies(cookies: readonly Cookie[]): Promise<void>;
  /**
   * The storage of one origin, as a tab holds it whose top frame is exactly that origin.
   *
   * @returns `undefined` when there is no such tab
   */
  storage(origin: string, kind: 'localStorage' | 'sessionStorage'): Promise<ReadonlyMap<string, string> | undefined>;
  /**
   * Types a one-time code into the field for it, if a tab whose top frame is exactly that origin
   * shows one, and sends the form off.
   *
   * @returns whether there was one
   */
  fillCode(origin: string, code: string): Promise<boolean>;
  /**
   * Returns at the next navigation, new or closed tab, or answer, at the latest after that time; at once
   * when a tab has moved on since the last `pages`.
   */
  waitForChange(timeoutMs: number): Promise<void>;
  /** Closes it, profile kept. Closing twice is fine. */
  close(): Promise<void>;
}

/** Opens browsers for logins. */
export interface Browser {
  /** Whether a person at this machine would see a window. */
  readonly hasDisplay: boolean;
  /** Whether a profile of that name was used before. */
  hasProfile(profile: string): Promise<boolean>;
  /** @throws {SigError} E_BROWSER, E_LOCKED when the profile is in use, E_PERMISSIONS, E_STORE */
  open(options: BrowserOptions): Promise<BrowserSession>;
  /** Removes a profile and everything the browser knew in it. */
  removeProfile(profile: string): Promise<void>;
}

/**
 * Waits on this machine for the one visit that ends an authorization (RFC 8252 §7.3).
 *
 * @param redirectUri as `parseLoopbackRedirect` takes it
 * @throws {SigError} E_TARGET, E_EXISTS when the port is taken
 */
export type ListenForRedirect = (redirectUri: string) => Promise<RedirectListener>;

/** What waits for it. */
export interface RedirectListener {
  /** The redirect URI with the port that is listened at. */
  readonly redirectUri: string;
  /**
   * Returns at the first visit to exactly that address, after which nobody listens any more.
   *
   * @param timeoutMs milliseconds
   * @returns the query without `?`; `undefined` when nobody came in time or the signal was aborted
   */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<string | undefined>;
  /** Closes it. Closing twice is fine. */
  close(): Promise<void>;
}

/** What a person is asked to do so that a login goes on. */
export interface Invitation {
  /** The page to open: https, or http on loopback. */
  readonly url: string;
  /** What to type or compare there. With it the page may be opened on any device, without only on this one. */
  readonly code?: string | undefined;
  /** Milliseconds since 1970. */
  readonly endsAtMs: number;
}

/** Where audit events go. A rejected promise means: do not inject. */
export interface AuditSink {
  write(event: AuditEvent): Promise<void>;
}

/** One audit event. Values are ids, hosts, header names, counts: never secrets. */
export interface AuditEvent {
  /** What happened, such as `inject`, `login`, `reveal`. */
  readonly event: string;
  readonly provider?: string | undefined;
  readonly [field: string]: string | number | boolean | readonly string[] | undefined;
}

/** An append-only text log, in files that rotate, with one line beside it: its head. */
export interface Log {
  /**
   * Opens the log for writing. Nobody else has it until it is closed, in whatever process.
   *
   * @throws {SigError} E_STORE, E_PERMISSIONS, E_LOCKED
   */
  open(): Promise<OpenLog>;
  /** Everything that is kept, as it is at this moment. */
  read(): Promise<LogContent>;
  /** The last whole lines, oldest first, at most so many. */
  readLast(count: number): Promise<string[]>;
  /** Whole lines as they are appended, from now on, until the signal. */
  follow(signal: AbortSignal): AsyncIterable<string>;
}

/** A log that is open for writing. */
export interface OpenLog {
  /** Whether nobody else wrote since this process did. */
  readonly isAsLeft: boolean;
  /** How the log ends. */
  readEnd(): LogEnd;
  /**
   * Appends whole lines, then replaces the head: at once, or before anybody else has the log. A torn line at the end
   * is dropped first.
   *
   * @param sealHead makes the new head, told the first line of the oldest file that stays
   */
  append(lines: readonly string[], sealHead: (oldestLine: string) => string | Promise<string>): Promise<void>;
  /** Keeps all of the log under another name, which is returned, and begins an empty one. */
  setAside(): Promise<string>;
  close(): Promise<void>;
}

/** What stands at the end of a log. */
export interface LogEnd {
  /** The head, if there is one. */
  readonly headLine: string | undefined;
  /** The last whole line, if there is one. */
  readonly lastLine: string | undefined;
  /** How many bytes stand behind the last whole line: one that was being written in a crash. */
  readonly tornBytes: number;
}

/** What a log holds. */
export interface LogContent {
  readonly headLine: string | undefined;
  /** Whole lines, oldest first, without line ends. */
  readonly lines: AsyncIterable<string>;
  readonly tornBytes: number;
}
