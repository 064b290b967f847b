/**
 * A browser in memory: what it shows is a script of scenes, and time passes only when it is waited
 * for.
 *
 * @module
 */

import type { Cookie } from '../../src/credential/cookie.ts';
import { SigError } from '../../src/errors.ts';
import type { Browser, BrowserOptions, BrowserPage, BrowserSession, Clock } from '../../src/ports.ts';

/** What a browser shows for a while. */
export interface Scene {
  /** Milliseconds; the last scene stays. */
  readonly forMs?: number;
  /** URLs, or more about a tab. */
  readonly pages: readonly (string | (Partial<BrowserPage> & { readonly url: string }))[];
  /** The profile's cookies; those of the scene before when absent. */
  readonly cookies?: readonly Cookie[];
  /** By `localStorage https://origin`; that of the scene before when absent. */
  readonly storage?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Whether a person has closed the window. */
  readonly isClosed?: boolean;
}

/** How it is set up. */
export interface MemoryBrowserOptions {
  readonly clock: Clock & { advance(ms: number): void };
  readonly headless?: readonly Scene[];
  readonly visible?: readonly Scene[];
  readonly hasDisplay?: boolean;
  readonly hasProfile?: boolean;
  /** What loading the entry page ends with. */
  readonly failure?: SigError;
  /** Runs at each wait, as whatever else goes on in the world. */
  readonly onWait?: () => void;
}

/** The browser, and what was done with it. */
export interface MemoryBrowser extends Browser {
  readonly opened: BrowserOptions[];
  readonly visited: string[];
  readonly typed: { readonly origin: string; readonly code: string }[];
  readonly restored: Cookie[];
  readonly removed: string[];
  /** Origins whose storage was read. */
  readonly read: string[];
  closed: number;
}

/** Creates one. */
export function createMemoryBrowser(options: MemoryBrowserOptions): MemoryBrowser {
  const browser: MemoryBrowser = {
    opened: [],
    visited: [],
    typed: [],
    restored: [],
    removed: [],
    read: [],
    closed: 0,
    hasDisplay: options.hasDisplay ?? true,
    hasProfile: () => Promise.resolve(options.hasProfile ?? false),
    removeProfile: (profile) => Promise.resolve(void browser.removed.push(profile)),
    open(wanted) {
      browser.opened.push(wanted);
      return Promise.resolve(openScript(options[wanted.mode] ?? [], options, browser));
    },
  };
  return browser;
}

function openScript(scenes: readonly Scene[], options: MemoryBrowserOptions, browser: MemoryBrowser): BrowserSession {
  const { clock } = options;
  let at = 0;
  let endsAtMs = clock.now() + (scenes[0]?.forMs ?? Infinity);
  let isClosed = false;
  const next = () => {
    at = Math.min(at + 1, scenes.length - 1);
    endsAtMs = clock.now() + (scenes[at]?.forMs ?? Infinity);
  };
  const last = <T>(pick: (scene: Scene) => T | undefined): T | undefined =>
    scenes.slice(0, at + 1).map(pick).findLast((value) => value !== undefined);
  const isGone = () => isClosed || scenes[at]?.isClosed === true;
  const open = async <T>(value: () => T): Promise<T> => {
    if (isGone()) throw new SigError('E_BROWSER', 'Browser was closed');
    return await Promise.resolve(value());
  };
  const pages = (): BrowserPage[] =>
    (scenes[at]?.pages ?? []).map((page) => {
      const { url, ...more } = typeof page === 'string' ? { url: page } : page;
      const { origin } = new URL(url);
      return { url, origin: origin === 'null' ? null : origin, isLoading: false, asks: null, ...more };
    });
  return {
    get isClosed() {
      return isGone();
    },
    goto: (url) =>
      open(() => {
        browser.visited.push(url);
        if (options.failure) throw options.failure;
      }),
    pages: () => open(pages),
    cookies: () => open(() => last((scene) => scene.cookies) ?? []),
    setCookies: (cookies) => open(() => void browser.restored.push(...cookies)),
    storage: (origin, kind) =>
      open(() => {
        if (!pages().some((page) => page.origin === origin)) return undefined;
        browser.read.push(origin);
        return new Map(Object.entries(last((scene) => scene.storage)?.[`${kind} ${origin}`] ?? {}));
      }),
    fillCode: (origin, code) =>
      open(() => {
        if (!pages().some((page) => page.origin === origin && page.asks === 'code')) return false;
        browser.typed.push({ origin, code });
        next();
        return true;
      }),
    waitForChange(timeoutMs) {
      options.onWait?.();
      const now = clock.now();
      clock.advance(Math.max(1, Math.min(timeoutMs, endsAtMs - now)));
      if (clock.now() >= endsAtMs) next();
      return Promise.resolve();
    },
    close() {
      if (!isClosed) browser.closed++;
      isClosed = true;
      return Promise.resolve();
    },
  };
}

/** A cookie of a test. */
export function makeCookie(name: string, value: string, domain: string, more: Partial<Cookie> = {}): Cookie {
  return {
    name,
    value,
    domain,
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: true,
    createdAtSec: 1_767_000_000,
    ...more,
  };
}
