import { SigError } from '../errors.ts';
import type { Body } from '../ports.ts';
import type { HeaderPairs, RequestHead } from '../target/head.ts';
import { authorityOf, originOf, parseUrl } from '../target/target.ts';
import type { Exchange } from './sig.ts';

/** Where a redirect leads, or `undefined` when the answer is none that can be followed. */
export function redirectTarget(exchange: Pick<Exchange, 'response' | 'head'>): RequestHead['target'] | undefined {
  return nextHead(exchange)?.target;
}

/** How the hops of a redirect are sent. */
export interface HopPorts {
  /** With the credentials of whoever claims the hop's target. */
  sendOnce(head: RequestHead, body: Body | null): Promise<Exchange>;
  /** Without any credential. */
  sendBare(head: RequestHead, body: Body | null): Promise<Exchange>;
  isClaimed(head: RequestHead): boolean;
}

const MAX_HOPS = 10;
/** What the caller wrote for one origin does not travel to another (H17). */
const KEPT_ACROSS_ORIGINS = new Set(['accept', 'accept-language', 'content-type', 'content-length', 'user-agent']);

/**
 * Follows redirects one hop at a time (RFC 9110 §15.4). Each hop is a request of its own: its
 * credentials come from the new target's provider alone, and on another origin only harmless
 * headers of the first request remain.
 *
 * @throws {SigError} E_REDIRECT after ten hops, on a downgrade to http, or when a stream would have to be sent twice
 */
export async function followRedirects(first: Exchange, body: Body | null, ports: HopPorts): Promise<Exchange> {
  let exchange = first;
  let heldBody = body;
  for (let hop = 0;; hop++) {
    const next = nextHead(exchange);
    if (next === undefined) return exchange;
    if (hop === MAX_HOPS) throw new SigError('E_REDIRECT', `Gave up after ${MAX_HOPS} redirects`);
    if (exchange.head.target.scheme === 'https' && next.target.scheme === 'http') {
      throw new SigError('E_REDIRECT', `Redirect to ${originOf(next.target)} leaves https`);
    }
    if (next.method !== exchange.head.method || heldBody === null) heldBody = null;
    else if (!Array.isArray(heldBody)) {
      throw new SigError('E_REDIRECT', 'Cannot follow the redirect: the body is a stream and was sent already', {
        hint: 'send the body from a file or as text',
      });
    }
    await exchange.response.body[Symbol.asyncIterator]().return?.();
    exchange = await (ports.isClaimed(next) ? ports.sendOnce(next, heldBody) : ports.sendBare(next, heldBody));
  }
}

function nextHead(exchange: Pick<Exchange, 'response' | 'head'>): RequestHead | undefined {
  const { response, head } = exchange;
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
  const base = originOf(head.target) + head.path;
  if (location === undefined || !URL.canParse(location, base)) return undefined;
  const { target, path } = parseUrl(new URL(location, base).href);
  // RFC 9110 §15.4.2–4: 303 becomes GET; 301 and 302 do so for POST, as every client has it.
  const becomesGet = response.status === 303 ? head.method !== 'HEAD' : response.status < 303 && head.method === 'POST';
  const isSameOrigin = originOf(target) === originOf(head.target);
  const kept = head.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    if (lower === 'host') return false;
    if (becomesGet && lower.startsWith('content-')) return false;
    return isSameOrigin || KEPT_ACROSS_ORIGINS.has(lower);
  });
  const headers: HeaderPairs = [['Host', authorityOf(target)], ...kept];
  return { method: becomesGet ? 'GET' : head.method, target, path, headers };
}
