import { readAll } from '../encoding/read_all.ts';
import type { Body, Send, WireResponse } from '../ports.ts';
import { authorityOf, originOf, parseUrl } from '../target/target.ts';
import type { RequestOptions, Sig } from './sig.ts';

/** Bodies up to this size are held, so that they can be replayed after a renewal. In bytes. */
const REPLAY_LIMIT = 1024 * 1024;

/** Carries a `Request` through the path and answers with a `Response`. */
export async function fetchThrough(
  request: Sig['request'],
  input: Request,
  options: RequestOptions = {},
): Promise<Response> {
  const { target, path } = parseUrl(input.url);
  const headers: [string, string][] = [['Host', authorityOf(target)]];
  input.headers.forEach((value, name) => {
    if (name !== 'host') headers.push([name, value]);
  });
  const body = input.body === null ? null : await holdSmall(input.body, headers);
  const { response } = await request({ method: input.method, target, path, headers }, body, options);
  return toResponse(response);
}

/**
 * A `Send` over the platform's `fetch`, for edge workers and other places without sockets.
 * Which content codings are asked for is the platform's choice, since it undoes what it asked for; proxies and
 * private CAs are its own matter.
 *
 * @example
 * ```ts
 * const sig = createSig({ …, send: sendByFetch(fetch) });
 * ```
 */
export function sendByFetch(fetch: (input: string, init: RequestInit) => Promise<Response>): Send {
  return async (head, body, options = {}) => {
    const headers = new Headers();
    for (const [name, value] of head.headers) {
      // With an Accept-Encoding of ours, some platforms would not undo a coding, and none says whether it did.
      if (!/^(?:host|content-length|connection|accept-encoding)$/i.test(name)) headers.append(name, value);
    }
    const init: RequestInit & { duplex?: 'half' } = {
      method: head.method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeoutMs ?? 30_000),
    };
    if (body !== null) init.body = await readAll(body, Infinity) ?? null;
    const response = await fetch(originOf(head.target) + head.path, init);
    const pairs: [string, string][] = [];
    // Fetch §4.6: these are undone by now, and the fields still speak of the coded bytes.
    const isDecoded = /^(?:x-)?gzip$|^br$/i.test(response.headers.get('content-encoding') ?? '');
    response.headers.forEach((value, name) => {
      if (isDecoded && /^content-(?:encoding|length)$/.test(name)) return;
      if (name !== 'set-cookie') pairs.push([name, value]);
    });
    for (const cookie of response.headers.getSetCookie()) pairs.push(['set-cookie', cookie]);
    return { status: response.status, reason: response.statusText, headers: pairs, body: response.body ?? emptyBody() };
  };
}

/** An answer of the wire as a `Response`; its body streams. */
export function toResponse(response: WireResponse): Response {
  const headers = new Headers();
  for (const [name, value] of response.headers) headers.append(name, value);
  const iterator = response.body[Symbol.asyncIterator]();
  const isBodyless = [101, 103, 204, 205, 304].includes(response.status);
  const stream = isBodyless ? null : new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return new Response(stream, { status: response.status, statusText: response.reason, headers });
}

async function holdSmall(body: ReadableStream<Uint8Array>, headers: [string, string][]): Promise<Body> {
  const reader = body.getReader();
  const held: Uint8Array[] = [];
  let size = 0;
  while (size <= REPLAY_LIMIT) {
    const next = await reader.read();
    if (next.done) {
      setHeader(headers, 'content-length', String(size));
      return held;
    }
    held.push(next.value);
    size += next.value.length;
  }
  return (async function* () {
    yield* held;
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  })();
}

function setHeader(headers: [string, string][], name: string, value: string): void {
  const at = headers.findIndex(([other]) => other.toLowerCase() === name);
  if (at < 0) headers.push([name, value]);
  else headers[at] = [name, value];
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
