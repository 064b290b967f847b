import type { AuditEvent } from '../ports.ts';
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
/** Characters. What is shorter is taken for a word. */
const SHORTEST_TOKEN = 16;

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

/** What is recorded of a credential's use. */
export interface UseFields extends RequestFields {
  /** Providers, joined by commas. */
  readonly provider: string;
  /** Places and names of what was placed and signed. */
  readonly placed: readonly string[];
}

/**
 * What is recorded of a credential's use. Written out: this is on the way of each request, and spreading objects
 * takes longer than all else here.
 */
export function describeUse(head: RequestHead, provider: string, placed: readonly string[]): UseFields {
  const { scheme, host, port } = head.target;
  const queryKeys = keysOf(head.path);
  const method = head.method.slice(0, 32);
  const path = templateOf(pathnameOf(head));
  return queryKeys.length === 0
    ? { provider, scheme, host, port, method, path, placed }
    : { provider, scheme, host, port, method, path, queryKeys, placed };
}

/**
 * The event of a credential's use.
 *
 * @param via what carried the request, when it was not the command itself
 */
export function useEvent(fields: UseFields, via?: string): AuditEvent {
  const { provider, scheme, host, port, method, path, queryKeys, placed } = fields;
  return { event: 'inject', via, provider, scheme, host, port, method, path, queryKeys, placed };
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
  const path = hasLongSegment(pathname) ? pathname.split('/').map(maskToken).join('/') : pathname;
  return path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH)}*`;
}

/** Whether one of them may be a token. Most paths have none, and are not taken apart. */
function hasLongSegment(pathname: string): boolean {
  for (let start = 0; pathname.length - start >= SHORTEST_TOKEN;) {
    const slash = pathname.indexOf('/', start);
    const end = slash < 0 ? pathname.length : slash;
    if (end - start >= SHORTEST_TOKEN) return true;
    start = end + 1;
  }
  return false;
}

/**
 * Paths and parameter names can be secrets too: webhooks and bots have their token in the path.
 * What is long and has a digit, or is very long, is taken for one.
 */
function maskToken(text: string): string {
  return text.length >= 30 || (text.length >= SHORTEST_TOKEN && /\d/.test(text)) ? '*' : text;
}
