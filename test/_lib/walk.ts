/**
 * A person's browser as far as a login needs one: it keeps cookies and follows redirects.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { get as getPlain, type IncomingHttpHeaders } from 'node:http';
import { get as getTls } from 'node:https';

/** A page that a walk ended at. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** How to walk. */
export interface WalkOptions {
  /** PEM of the CA to trust. */
  readonly caPem?: string;
  /** Whether to go to an address. Default: always. Where not, the walk ends with status 0. */
  readonly isVisited?: (url: string) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Goes where the redirects lead, as a browser does.
 *
 * @throws {Error} when an address cannot be reached
 */
export async function walk(url: string, options: WalkOptions = {}): Promise<Page> {
  const cookies = new Map<string, string>();
  for (let hops = 0; hops < 20; hops++) {
    if (options.isVisited?.(url) === false) return { url, status: 0, headers: {}, text: '' };
    const page = await visit(url, cookies, options);
    for (const line of page.headers['set-cookie'] ?? []) {
      const [pair] = line.split(';', 1);
      cookies.set(pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1));
    }
    if (page.headers.location === undefined) return page;
    url = new URL(page.headers.location, url).href;
  }
  throw new Error('The walk does not end');
}

function visit(url: string, cookies: ReadonlyMap<string, string>, { caPem, headers }: WalkOptions): Promise<Page> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const sent = { ...(cookie === '' ? {} : { cookie }), connection: 'close', ...headers };
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getTls : getPlain;
    get(url, { headers: sent, agent: false, ...(caPem === undefined ? {} : { ca: caPem }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('end', () => {
        resolve({
          url,
          status: response.statusCode!,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    }).on('error', reject);
  });
}
