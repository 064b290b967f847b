import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';
import type { BrowserOptions, BrowserPage, BrowserSession } from '../../../src/ports.ts';
import type { BrowserContext, LaunchedBrowser, Page } from './launch.ts';
import { fromDevtools, toDevtools } from './cookie.ts';
import { fillCode, whatIsAsked } from './field.ts';
import { ANSWER_MS, within } from './within.ts';

/** Longest wait for the first byte of a page. */
const LOAD_MS = 60_000;

/**
 * The `BrowserSession` port over a launched browser.
 *
 * @param release runs once when the browser is gone
 */
export function createSession(
  { context, devtools }: LaunchedBrowser,
  mode: BrowserOptions['mode'],
  release: () => Promise<void>,
): BrowserSession {
  const watch = watchContext(context, mode);
  let closing: Promise<void> | undefined;
  const close = () => closing ??= context.close().catch(() => {}).then(release); // it may be gone already
  watch.onGone(() => void close());

  /** Turns what Playwright throws when the browser is gone into what callers know. */
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof SigError || !watch.isGone()) throw cause;
      throw new SigError('E_BROWSER', 'Browser was closed', { cause });
    }
  };

  return {
    get isClosed() {
      return watch.isGone();
    },
    goto: (url) => guard(() => load(context.pages()[0], url)),
    pages: () =>
      guard(() => {
        watch.look();
        return Promise.all(context.pages().map((page) => describe(page, watch.isLoading(page), mode)));
      }),
    cookies: () =>
      guard(async () => {
        const { cookies } = await devtools.send('Storage.getCookies', {});
        const nowSec = Math.floor(Date.now() / 1000);
        return cookies.flatMap((cookie) => fromDevtools(cookie, nowSec) ?? []);
      }),
    setCookies: (cookies) =>
      guard(async () => {
        if (cookies.length > 0) await devtools.send('Storage.setCookies', { cookies: cookies.map(toDevtools) });
      }),
    storage: (origin, kind) => guard(() => readStorage(context, origin, kind)),
    fillCode: (origin, code) =>
      guard(async () => {
        for (const page of context.pages()) {
          if (originOfPage(page) === origin && await fillCode(page, origin, code)) return true;
        }
        return false;
      }),
    waitForChange: watch.wait,
    close,
  };
}

/** Origin of the top frame, as the browser itself committed it. */
function originOfPage(page: Page): string | null {
  const url = URL.canParse(page.url()) ? new URL(page.url()) : undefined;
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url.origin : null;
}

async function describe(page: Page, isLoading: boolean, mode: BrowserOptions['mode']): Promise<BrowserPage> {
  const shown = { origin: originOfPage(page), url: page.url(), isLoading };
  // A person may type before all is loaded; where nobody does, a page is only asked when it is there.
  const isEarly = isLoading && mode === 'headless';
  return { ...shown, asks: shown.origin === null || isEarly ? null : await whatIsAsked(page) };
}

async function load(page: Page | undefined, url: string): Promise<void> {
  if (!page) throw new SigError('E_BROWSER', 'Browser has no window');
  try {
    await page.goto(url, { waitUntil: 'commit', timeout: LOAD_MS });
  } catch (cause) {
    // Playwright's own message quotes the URL; the network's word is enough.
    const text = cause instanceof Error ? cause.message : '';
    const word = /net::(ERR_\w+)/.exec(text)?.[1];
    const host = new URL(url).host;
    // Another navigation came first, or the answer was a download: what is shown decides.
    if (word === 'ERR_ABORTED' || /interrupted by another navigation/.test(text)) return;
    if (word !== undefined && /CERT|SSL/.test(word)) {
      throw new SigError('E_UPSTREAM_TLS', `Browser does not trust the certificate of ${host}: ${word}`, {
        hint: 'install the certificate authority of that site where the browser looks for it',
        cause,
      });
    }
    if (word !== undefined) throw new SigError('E_UPSTREAM', `Browser cannot load ${host}: ${word}`, { cause });
    if (/Timeout/.test(text)) {
      throw new SigError('E_TIMEOUT', `No answer from ${host} within ${LOAD_MS / 1000} s`, { cause });
    }
    throw cause;
  }
}

async function readStorage(
  context: BrowserContext,
  origin: string,
  kind: 'localStorage' | 'sessionStorage',
): Promise<ReadonlyMap<string, string> | undefined> {
  for (const page of context.pages()) {
    if (originOfPage(page) !== origin) continue;
    const devtools = await within(ANSWER_MS, context.newCDPSession(page), undefined);
    if (!devtools) continue;
    try {
      // Read from the browser, not by a script in the page, which the page could bend.
      const storageId = { securityOrigin: origin, isLocalStorage: kind === 'localStorage' };
      const items = await within(ANSWER_MS, devtools.send('DOMStorage.getDOMStorageItems', { storageId }), undefined);
      // Without an answer it is busy, or went elsewhere meanwhile.
      if (items === undefined || originOfPage(page) !== origin) continue;
      return new Map(items.entries.map(([key = '', value = '']) => [key, value]));
    } finally {
      void devtools.detach().catch(() => {}); // the tab may be gone, or busy for ever
    }
  }
  return undefined;
}

interface ContextWatch {
  isGone(): boolean;
  isLoading(page: Page): boolean;
  onGone(callback: () => void): void;
  /** Says that what has happened up to now is known. */
  look(): void;
  wait(timeoutMs: number): Promise<void>;
}

/** Follows what goes on in all tabs. */
function watchContext(context: BrowserContext, mode: BrowserOptions['mode']): ContextWatch {
  const loading = new Set<Page>();
  const callbacks: (() => void)[] = [];
  const waiting = new Set<() => void>();
  let isGone = false;
  /** Whether a tab has moved on since somebody looked: a wait that begins now would miss it. */
  let hasMoved = false;
  const wake = () => {
    for (const resolve of waiting) resolve();
  };
  const gone = () => {
    if (isGone) return;
    isGone = true;
    wake();
    for (const callback of callbacks) callback();
  };
  const follow = (page: Page) => {
    const move = () => {
      hasMoved = true;
      wake();
    };
    const settle = () => {
      loading.delete(page);
      move();
    };
    page.on('request', (request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) loading.add(page);
    });
    page.on('requestfailed', (request) => request.isNavigationRequest() && settle());
    page.on('framenavigated', move).on('load', settle).on('crash', settle);
    page.on('close', () => {
      settle();
      // On macOS the program stays when its last window is closed.
      if (context.pages().length === 0) gone();
    });
    // A person answers the dialogs of a page they see; nobody answers those of a hidden one.
    page.on('dialog', (dialog) => mode === 'headless' && void dialog.dismiss().catch(() => {}));
    wake();
  };
  for (const page of context.pages()) follow(page);
  context.on('page', follow).on('response', wake).on('close', gone);
  return {
    isGone: () => isGone,
    isLoading: (page) => loading.has(page),
    onGone: (callback) => callbacks.push(callback),
    look: () => void (hasMoved = false),
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiting.delete(done);
          hasMoved = false;
          resolve();
        };
        const timer = setTimeout(done, isGone || hasMoved ? 0 : timeoutMs);
        waiting.add(done);
      }),
  };
}
