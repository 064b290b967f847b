import { withFraming } from '../../src/http1/forward.ts';
import type { Framing } from '../../src/http1/message.ts';
import type { Send } from '../../src/ports.ts';
import type { HeaderPairs, RequestHead } from '../../src/target/head.ts';
import { authorityOf } from '../../src/target/target.ts';
import { createAnswer } from './upstream/answer.ts';
import { environmentProxy, parseNetworkProxy } from './upstream/network_proxy.ts';
import type { UpstreamOptions } from './upstream/options.ts';
import { openRequestBody } from './upstream/request_body.ts';
import { createUpstream } from './upstream/upstream.ts';
import { VERSION } from './version.ts';

/** Fields that belong to the connection (RFC 9110 §7.6.1). A single request has none of its own. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'upgrade',
  'expect',
]);

/**
 * Makes a {@link Send} over our own sockets: the request goes out as it is, the response comes back as
 * it is, its body neither decoded nor read ahead.
 *
 * Without `networkProxy`, `HTTPS_PROXY` and its like are followed, with the exceptions of `NO_PROXY`.
 *
 * @example
 * ```ts
 * const send = createSend({ env: (name) => process.env[name] });
 * const { target, path } = parseUrl('https://api.example.com/items');
 * const response = await send({ method: 'GET', target, path, headers: [] }, null);
 * ```
 */
export function createSend(options: UpstreamOptions): Send {
  const upstream = createUpstream(options);
  return async (head, body, { networkProxy, caFile, allowPrivate, timeoutMs } = {}) => {
    const { target, method, path } = head;
    const proxy = networkProxy === undefined ? environmentProxy(options.env, target) : parseNetworkProxy(networkProxy);
    const framed = await openRequestBody(head, body);
    const answer = createAnswer();
    const exchange = upstream.start({ target, owner: '', networkProxy: proxy, caFile, allowPrivate }, {
      method,
      path,
      fields: fieldsOf(head, framed.framing),
      hasBody: framed.framing.kind !== 'none',
      timeoutMs,
    }, answer);
    answer.begin(exchange);
    // A body that breaks off ends the request with it.
    framed.pipe(exchange, answer.drained).catch(answer.abandon);
    return await answer.response;
  };
}

function fieldsOf({ target, headers }: RequestHead, framing: Framing): HeaderPairs {
  const host = authorityOf(target);
  const fields: [string, string][] = [];
  let hasHost = false;
  let hasAgent = false;
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key === 'host') {
      // Wherever the head came from, it says where the request really goes.
      if (!hasHost) fields.push([name, host]);
      hasHost = true;
    } else if (!OF_CONNECTION.has(key)) {
      hasAgent ||= key === 'user-agent';
      fields.push([name, value]);
    }
  }
  if (!hasHost) fields.unshift(['Host', host]);
  if (!hasAgent) fields.push(['User-Agent', `sig/${VERSION}`]);
  return withFraming(fields, framing);
}
