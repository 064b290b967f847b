import type { Http2Stream, OutgoingHttpHeaders } from 'node:http2';
import { toHttp2Fields } from '../../../src/http1/to_http2.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';

/** Fields as node:http2 reports them, names and values in turn, as pairs. */
export function fromRawHeaders(raw: readonly string[]): HeaderPairs {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i]!, raw[i + 1]!]);
  return pairs;
}

/**
 * Fields as node:http2 takes them: an object that keeps their order. Lines of one name become one, which
 * means the same (RFC 9110 §5.3), since some names may not be given twice there; only `Set-Cookie`
 * must not be joined.
 *
 * @param fields names in lower case
 */
export function toHeaders(fields: HeaderPairs): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const before = headers[name];
    if (name === 'set-cookie') headers[name] = before === undefined ? [value] : [...before, value];
    else headers[name] = before === undefined ? value : `${before as string}, ${value}`;
  }
  return headers;
}

/**
 * Ends a stream with trailers. What cannot be sent ends it with a reset: nobody else would catch what is
 * thrown here (security case P8).
 */
export function sendTrailers(stream: Http2Stream, trailers: HeaderPairs): void {
  try {
    stream.sendTrailers(toHeaders(toHttp2Fields(trailers)));
  } catch (cause) {
    stream.destroy(new Error('The trailers cannot be sent', { cause }));
  }
}
