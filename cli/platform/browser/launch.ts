import process from 'node:process';
import type { BrowserContext, CDPSession, Frame, Page } from 'playwright-core';
import { SigError } from '../../../src/errors.ts';

// The only file that knows Playwright's package; the session over it takes its types from here.
export type { BrowserContext, CDPSession, Frame, Page };

/** How Chromium reaches the network. */
export interface BrowserProxy {
  readonly server: string;
  readonly username?: string;
  readonly password?: string;
}

/** What to start. */
export interface LaunchOptions {
  /** Absolute path of the browser's program. */
  readonly program: string;
  /** Absolute path of the profile. */
  readonly folder: string;
  readonly mode: 'headless' | 'visible';
  /** How a headless browser calls itself; as it likes when absent. */
  readonly userAgent?: string | undefined;
  readonly proxy?: BrowserProxy | undefined;
  /** Further command-line arguments. Never from config.yaml (security case B11). */
  readonly extraArguments?: readonly string[] | undefined;
}

/** A browser that runs. */
export interface LaunchedBrowser {
  readonly context: BrowserContext;
  /** The connection to the browser itself, not to a page. */
  readonly devtools: CDPSession;
  readonly pid: number | undefined;
  readonly userAgent: string;
}

/** Time for a browser to start. */
const START_MS = 45_000;

const ARGUMENTS = [
  // Its UDP would pass by a network proxy.
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * What Playwright adds for tests and a person who signs in is better without: the banner that a
 * test drives the browser, and the switches that turn extensions and the popup blocker off. In a
 * hidden browser nobody could allow a popup, so there they stay.
 */
const UNWANTED = {
  headless: ['--enable-automation'],
  visible: ['--enable-automation', '--disable-extensions', '--disable-popup-blocking'],
} as const;

/**
 * Starts a browser with a profile. It is driven over a pipe that only this process holds, so no
 * port is open to others (security case B7), and it ends when this process ends, however that
 * happens. Arguments go to the program as they are; there is no shell.
 *
 * @throws {SigError} E_BROWSER when it does not start
 */
export async function launchBrowser(options: LaunchOptions): Promise<LaunchedBrowser> {
  // Loaded only when a browser is opened: it takes long.
  const { chromium } = await import('playwright-core');
  const isHeadless = options.mode === 'headless';
  let context: BrowserContext | undefined;
  try {
    context = await chromium.launchPersistentContext(options.folder, {
      executablePath: options.program,
      headless: isHeadless,
      // Chromium's own sandbox stays, but as root it refuses to run with it.
      chromiumSandbox: process.getuid?.() !== 0,
      args: [
        ...ARGUMENTS,
        ...(options.userAgent === undefined ? [] : [`--user-agent=${options.userAgent}`]),
        ...(options.extraArguments ?? []),
      ],
      ignoreDefaultArgs: [...UNWANTED[options.mode]],
      env: cleanEnvironment(),
      acceptDownloads: false,
      // The window is the person's: no fixed size.
      viewport: isHeadless ? { width: 1280, height: 800 } : null,
      timeout: START_MS,
      // Signals are the command line's to handle; it closes what is open.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    });
    const devtools = await context.browser()!.newBrowserCDPSession();
    const [{ processInfo }, { userAgent }] = await Promise.all([
      devtools.send('SystemInfo.getProcessInfo'),
      devtools.send('Browser.getVersion'),
    ]);
    return { context, devtools, userAgent, pid: processInfo.find(({ type }) => type === 'browser')?.id };
  } catch (cause) {
    await context?.close();
    throw new SigError('E_BROWSER', `Browser does not start: ${options.program}`, { hint: startHint(cause), cause });
  }
}

function startHint(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : '';
  if (/missing X server|cannot open display|platform failed to initialize/i.test(text)) {
    return 'no window can be shown here';
  }
  if (/error while loading shared libraries/i.test(text)) {
    return 'it lacks system libraries; install it with the package manager';
  }
  if (/no usable sandbox/i.test(text)) return 'this machine forbids its sandbox to users; allow user namespaces for it';
  return 'start it once by hand to see why, or set SIG_BROWSER to the path of another one';
}

/** What the browser gets to see of the environment: nothing that is for `sig` or its runtime alone. */
function cleanEnvironment(): Record<string, string> {
  const isOurs = /^(?:SIG_|NODE_|DENO_|BUN_|npm_)/;
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] =>
      pair[1] !== undefined && !isOurs.test(pair[0])
    ),
  );
}
