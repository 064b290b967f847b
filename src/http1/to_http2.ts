import type { HeaderPairs } from '../target/head.ts';

/** RFC 9113 §8.2.2, and what RFC 7540 §3.2.1 had beside them. */
const OF_CONNECTION = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The fields of a message as HTTP/2 has them: names in lower case, none that speaks of a connection of
 * HTTP/1.1. `TE` stays if it asks for trailers, the only thing that it may say there.
 *
 * @param fields those of a message of HTTP/1.1, from which what `Connection` nominates is gone
 * @returns the fields in their order
 */
export function toHttp2Fields(fields: HeaderPairs): [string, string][] {
  const kept: [string, string][] = [];
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (OF_CONNECTION.has(key) || (key === 'te' && value.toLowerCase() !== 'trailers')) continue;
    kept.push([key, value]);
  }
  return kept;
}
