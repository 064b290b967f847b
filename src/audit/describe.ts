import { pathnameOf, type RequestHead } from '../target/head.ts';

/** What the log says about a request: where it went, nothing that it carried. */
export interface RequestFields {
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** Path without query; segments that look like ids or tokens are `*`. */
  readonly path: string;
  /** Names of query parameters, each once. */
  readonly queryKeys?: readonly string[];
  readonly [field: string]: string | number | readonly string[] | undefined;
}

const MAX_PATH = 256;
const MAX_KEYS = 16;
const MAX_KEY = 40;

/**
 * The fields of an audit record that describe a request (security case R14). Query values never
 * appear; neither does a query without `=`, which may be a secret as a whole.
 *
 * @example
 * ```ts
 * describeRequest(head); // { scheme: 'https', host: 'api.example.com', port: 443, method: 'GET', path: '/me', queryKeys: ['page'] }
 * ```
 */
export function describeRequest(head: RequestHead): RequestFields {
  const { scheme, host, port } = head.target;
  const queryKeys = keysOf(head.path);
  const facts = { scheme, host, port, method: head.method.slice(0, 32), path: templateOf(pathnameOf(head)) };
  return queryKeys.length === 0 ? facts : { ...facts, queryKeys };
}

function keysOf(path: string): string[] {
  const at = path.indexOf('?');
  if (at < 0) return [];
  const keys = path.slice(at + 1).split('&', 100).map((pair) => {
    const end = pair.indexOf('=');
    return end <= 0 || end > MAX_KEY ? '*' : maskToken(pair.slice(0, end));
  });
  return [...new Set(keys)].slice(0, MAX_KEYS);
}

function templateOf(pathname: string): string {
  const path = pathname.split('/').map(maskToken).join('/');
  return path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH)}*`;
}

/**
 * Paths and parameter names can be secrets too: webhooks and bots have their token in the path.
 * What is long and has a digit, or is very long, is taken for one.
 */
function maskToken(text: string): string {
  return text.length >= 30 || (text.length >= 16 && /\d/.test(text)) ? '*' : text;
}
