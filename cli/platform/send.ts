import { withFraming } from '../../src/http1/forward.ts';
import type { Framing } from '../../src/http1/message.ts';
import type { Send } from '../../src/ports.ts';
import { authorityOf, parseUrl, type Target } from '../../src/target/target.ts';
import { environmentProxy, parseNetworkProxy } from './upstream/network_proxy.ts';
import { openRequestBody } from './upstream/request_body.ts';
import { createResponseStream } from './upstream/response_stream.ts';
import { createUpstream, type UpstreamOptions } from './upstream/upstream.ts';
import { VERSION } from './version.ts';

/** Fields that belong to the connection, and are ours to write (RFC 9110 §7.6.1, RFC 9112 §3.2). */
const OURS = new Set([
  'host',
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
 * it is, its body a stream that is neither decoded nor read ahead.
 *
 * Without `networkProxy`, `HTTPS_PROXY` and its like are followed, with the exceptions of `NO_PROXY`.
 *
 * @example
 * ```ts
 * const send = createSend({ env: (name) => process.env[name] });
 * const response = await send(new Request('https://api.example.com/'));
 * ```
 */
export function createSend(options: UpstreamOptions): Send {
  const upstream = createUpstream(options);
  return async (request, { networkProxy, caFile, allowPrivate, timeoutMs } = {}) => {
    const { signal } = request;
    signal.throwIfAborted();
    const { target, path } = parseUrl(request.url);
    const body = await openRequestBody(request);
    const answer = createResponseStream();
    const exchange = upstream.start({
      target,
      owner: '',
      networkProxy: networkProxy === undefined
        ? environmentProxy(options.env, target)
        : parseNetworkProxy(networkProxy),
      caFile,
      allowPrivate,
    }, {
      method: request.method,
      path,
      fields: fieldsOf(request, target, body.framing),
      hasBody: body.framing.kind !== 'none',
      timeoutMs,
    }, answer);
    answer.begin(exchange);
    const onAbort = () => answer.abandon(signal.reason);
    signal.addEventListener('abort', onAbort);
    // What goes wrong with the caller's stream ends the request, unless the answer is there already.
    body.pipe(exchange, answer.drained).catch(answer.abandon);
    return await answer.response;
  };
}

function fieldsOf(request: Request, target: Target, framing: Framing): [string, string][] {
  const fields: [string, string][] = [['Host', authorityOf(target)]];
  for (const [name, value] of request.headers) if (!OURS.has(name)) fields.push([name, value]);
  if (!request.headers.has('user-agent')) fields.push(['User-Agent', `sig/${VERSION}`]);
  return withFraming(fields, framing);
}
