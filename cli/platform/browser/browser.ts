import { SigError } from '../../../src/errors.ts';
import type { Browser, BrowserOptions, BrowserSession } from '../../../src/ports.ts';
import { type BrowserProxy, launchBrowser, type LaunchedBrowser } from './launch.ts';
import { findBrowser, type FindContext, hasDisplay } from './find.ts';
import { type ClaimedProfile, claimProfile, hasProfile, removeProfile } from './profile.ts';
import { startRelay } from './relay.ts';
import { createSession } from './session.ts';
import { dial } from '../upstream/dial.ts';
import { type NetworkProxy, parseNetworkProxy } from '../upstream/network_proxy.ts';
import { resolveHost, systemLookup } from '../upstream/resolve.ts';
import { tunnelThroughSocks } from '../upstream/socks5.ts';

/** What browsers are made of. */
export interface BrowserPortOptions extends FindContext {
  /** Absolute path of the sig home. */
  readonly home: string;
}

/** Time for a network proxy to answer. */
const PROXY_MS = 30_000;

/** Creates the `Browser` port over the Chrome, Edge, Chromium or Brave of this machine. */
export function createBrowser(options: BrowserPortOptions): Browser {
  return {
    get hasDisplay() {
      return hasDisplay(options);
    },
    hasProfile: (profile) => Promise.resolve(hasProfile(options.home, profile)),
    open: (wanted) => openBrowser(options, wanted),
    removeProfile: (profile) => removeProfile(options.home, profile),
  };
}

async function openBrowser(options: BrowserPortOptions, wanted: BrowserOptions): Promise<BrowserSession> {
  const { path: program } = findBrowser(options);
  const extraArguments = readExtraArguments(options.env('SIG_BROWSER_ARGS'));
  const profile = await claimProfile(options.home, wanted.profile);
  const open: { close(): Promise<void> }[] = [{ close: profile.release }];
  const close = async () => {
    for (const part of open.reverse()) await part.close();
  };
  try {
    const way = await openWay(wanted.networkProxy);
    if (way?.close) open.push({ close: way.close });
    // A renewal is the same browser as the one the person signed in with, and says so.
    const userAgent = wanted.mode === 'headless' ? profile.userAgent : undefined;
    const { folder } = profile;
    const launched = await launchBrowser({
      program,
      folder,
      mode: wanted.mode,
      userAgent,
      proxy: way?.proxy,
      extraArguments,
    });
    record(profile, launched, wanted.mode);
    return createSession(launched, wanted.mode, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function record(profile: ClaimedProfile, { pid, userAgent }: LaunchedBrowser, mode: BrowserOptions['mode']): void {
  if (pid !== undefined) profile.record(pid, mode === 'visible' ? userAgent : undefined);
}

/** A JSON list of texts, for tests and odd machines: the environment is the person's, config.yaml is not. */
function readExtraArguments(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (Array.isArray(json) && json.every((argument) => typeof argument === 'string')) return json;
  throw new SigError('E_BROWSER', 'SIG_BROWSER_ARGS is not a JSON list of texts', {
    hint: `write it as '["--flag=value"]'`,
  });
}

/** How the browser goes through a network proxy; `undefined` when there is none. */
async function openWay(
  networkProxy: string | undefined,
): Promise<{ readonly proxy: BrowserProxy; readonly close?: () => Promise<void> } | undefined> {
  if (networkProxy === undefined) return undefined;
  const parsed = parseNetworkProxy(networkProxy);
  const { host, port, user, password } = parsed;
  // Behind a SOCKS proxy Chromium never looks a name up itself, so both kinds are one to it.
  const scheme = parsed.scheme === 'socks5h' ? 'socks5' : parsed.scheme;
  const server = `${scheme}://${host}:${port}`;
  if (user === undefined) return { proxy: { server } };
  if (scheme === 'socks5') return await openRelay(parsed);
  return { proxy: { server, username: user, password: password?.reveal() ?? '' } };
}

/** Chromium cannot sign in to a SOCKS proxy; a relay of our own can. Names stay with the proxy here too. */
async function openRelay(
  proxy: NetworkProxy,
): Promise<{ readonly proxy: BrowserProxy; readonly close: () => Promise<void> }> {
  const { server, username, password, close } = await startRelay(async (host, port) => {
    // A person named the proxy, and proxies often stand on this machine.
    const addresses = await resolveHost(proxy.host, true, systemLookup);
    const socket = await dial(`${proxy.host}:${proxy.port}`, addresses, proxy.port, PROXY_MS);
    await tunnelThroughSocks(socket, proxy, host.replace(/^\[|\]$/g, ''), port, PROXY_MS);
    return socket;
  });
  return { proxy: { server, username, password }, close };
}
