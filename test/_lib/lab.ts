/**
 * The test lab inside a test: whatever is taken from here is closed or removed when the test ends.
 * (The demo and the benchmarks, which are no tests, use the files beside this one.)
 *
 * @module
 */

import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startHttpProxy, startSocksProxy, type TestProxy, type TestProxyOptions } from './network_proxy.ts';
import { type IssuerOptions, startIssuer, type TestIssuer } from './oidc.ts';
import { findTestBrowser, type Site, startSites, type TestSites } from './sites.ts';
import { makeTempFolder } from './temp_folder.ts';
import { type ServerOptions, startServer, type TestServer } from './tls_server.ts';

/** An empty folder, 0700. */
export async function useFolder(): Promise<string> {
  const folder = await makeTempFolder();
  onTestFinished(folder.remove);
  return folder.path;
}

/** A path for `SIG_HOME` at which nothing is yet. */
export async function useHome(): Promise<string> {
  return join(await useFolder(), 'home');
}

/** A loopback server with a certificate of the private CA. */
export async function useServer(options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer(options);
  onTestFinished(server.close);
  return server;
}

/** An HTTP proxy on loopback. */
export async function useHttpProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const proxy = await startHttpProxy(options);
  onTestFinished(proxy.close);
  return proxy;
}

/** A SOCKS5 proxy on loopback. */
export async function useSocksProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const proxy = await startSocksProxy(options);
  onTestFinished(proxy.close);
  return proxy;
}

/** A real authorization server on loopback. */
export async function useIssuer(options: IssuerOptions = {}): Promise<TestIssuer> {
  const issuer = await startIssuer(options);
  onTestFinished(issuer.close);
  return issuer;
}

/** Sites with names of their own, and servers on `localhost` that their browser must reach too. */
export async function useSites(
  sites: Readonly<Record<string, Site>>,
  others: readonly { readonly port: number; readonly caPem: string }[] = [],
): Promise<TestSites> {
  const started = await startSites(sites, others);
  onTestFinished(started.close);
  return started;
}

/**
 * Skips a test, with the line that installs one, when the machine has no browser.
 *
 * @param skip the `skip` of the test's context
 */
export function needBrowser(skip: (note?: string) => never): string {
  return findTestBrowser() ?? skip('no Chrome, Edge, Chromium or Brave is installed: sudo apt-get install chromium');
}
