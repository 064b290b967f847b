/**
 * Web sites with names of their own on one loopback server, and what leads a browser and `Send`
 * to them: no name leaves the machine, and TLS is real.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import process from 'node:process';
import { connect } from 'node:tls';
import { createBrowser } from '../../cli/platform/browser/browser.ts';
import { findBrowser } from '../../cli/platform/browser/find.ts';
import { SigError } from '../../src/errors.ts';
import type { Browser, Send } from '../../src/ports.ts';
import { authorityOf } from '../../src/target/target.ts';
import { type Handler, type ReceivedRequest, startServer, type TestServer } from './tls_server.ts';

/** A site: answers like a server's handler. */
export type Site = Handler;

/** Running sites. */
export interface TestSites {
  readonly server: TestServer;
  /** Arguments that make Chromium find the sites, and no others, and accept their certificate. */
  readonly browserArguments: readonly string[];
  /** Reaches the sites by name, their certificate verified. */
  readonly send: Send;
  /** The requests that one site got, without those a browser makes by itself. */
  requests(host: string): ReceivedRequest[];
  readonly close: () => Promise<void>;
}

/**
 * Starts sites by host name. A host that is none of them is answered with 404.
 *
 * @param others servers on `localhost` that the browser must reach too
 */
export async function startSites(
  sites: Readonly<Record<string, Site>>,
  others: readonly { readonly port: number; readonly caPem: string }[] = [],
): Promise<TestSites> {
  const hosts = Object.keys(sites);
  const server = await startServer({
    hosts,
    handler: (request, socket) => {
      const site = sites[request.header('host')?.replace(/:\d+$/, '') ?? ''];
      if (!site || request.path === '/favicon.ico') return { status: 404 };
      return site(request, socket);
    },
  });
  const pins = await Promise.all(
    [server, ...others].map((each) => pinOf(each, each === server ? hosts[0]! : 'localhost')),
  );
  return {
    server,
    browserArguments: [
      `--host-resolver-rules=${
        hosts.map((host) => `MAP ${host} 127.0.0.1:${server.port}`).join(', ')
      }, MAP localhost 127.0.0.1, MAP * ~NOTFOUND`,
      `--ignore-certificate-errors-spki-list=${pins.join(',')}`,
    ],
    send: createSiteSend(server),
    requests: (host) =>
      server.requests.filter((request) => request.header('host') === host && request.path !== '/favicon.ico'),
    close: server.close,
  };
}

/** What `--ignore-certificate-errors-spki-list` takes: a digest of the public key that a server shows. */
export function pinOf(server: { readonly port: number; readonly caPem: string }, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, servername, ca: server.caPem }, () => {
      const certificate = socket.getPeerX509Certificate()!;
      socket.destroy();
      const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
      resolve(createHash('sha256').update(key).digest('base64'));
    });
    socket.on('error', reject);
  });
}

function createSiteSend(server: TestServer): Send {
  return (head, _body, options = {}) =>
    new Promise((resolve, reject) => {
      const request = httpsRequest({
        host: '127.0.0.1',
        port: server.port,
        servername: head.target.host,
        ca: server.caPem,
        method: head.method,
        path: head.path,
        headers: head.headers.flat() as unknown as Record<string, string>,
        setHost: false,
        agent: false,
        timeout: options.timeoutMs ?? 10_000,
      }, (response) => {
        const { rawHeaders } = response;
        const headers = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1]!] as const] : []));
        resolve({ status: response.statusCode!, reason: response.statusMessage!, headers, body: response });
      });
      const fail = (code: 'E_TIMEOUT' | 'E_UPSTREAM', why: string) =>
        reject(new SigError(code, `${why} from ${authorityOf(head.target)}`));
      request.on('timeout', () => (fail('E_TIMEOUT', 'No answer in time'), request.destroy()));
      request.on('error', () => fail('E_UPSTREAM', 'No answer'));
      request.end();
    });
}

/** The Chromium of this machine, or `undefined`. `SIG_BROWSER` names another one. */
export function findTestBrowser(): string | undefined {
  try {
    return findBrowser({ platform: process.platform, env: (name) => process.env[name] }).path;
  } catch {
    return undefined;
  }
}

/** The browser port as the command line makes it, led to the test's sites. */
export function createTestBrowser(home: string, sites: TestSites, extra: readonly string[] = []): Browser {
  const own: Record<string, string> = { SIG_BROWSER_ARGS: JSON.stringify([...sites.browserArguments, ...extra]) };
  return createBrowser({ home, platform: process.platform, env: (name) => own[name] ?? process.env[name] });
}
