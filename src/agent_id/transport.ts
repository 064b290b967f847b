import type { SendRequest } from '../dpop/dpop_fetch.ts';
import type { Clock, Send, Timer } from '../ports.ts';
import { toResponse } from '../sig/fetch.ts';
import { authorityOf, parseUrl } from '../target/target.ts';
import { readStart } from './read_start.ts';
import { within } from './within.ts';

/** The world as an agent identity needs it. */
export interface AgentPorts {
  readonly send: Send;
  readonly timer: Timer;
  readonly clock: Clock;
}

/** How far a {@link createTransport} goes. */
export interface TransportLimits {
  /** For one request, the last byte of its answer included, in milliseconds. */
  readonly timeoutMs: number;
  /** What is kept of an answer; the rest is let go. */
  readonly maxBytes: number;
  readonly allowPrivate: boolean;
}

/** Sends requests and holds their answers. */
export interface Transport {
  readonly send: SendRequest;
  /** How many requests were sent. */
  readonly attempts: number;
  /** Whether the last answer was longer than what is kept. */
  readonly truncated: boolean;
}

/**
 * Makes what `dpopFetch` sends with: each answer is read within one time limit and up to one size,
 * so that nothing a server does holds the caller up. Redirects stay answers.
 */
export function createTransport({ send, timer }: AgentPorts, limits: TransportLimits): Transport {
  let attempts = 0;
  let truncated = false;
  return {
    get attempts() {
      return attempts;
    },
    get truncated() {
      return truncated;
    },
    async send(request) {
      attempts++;
      const { target, path } = parseUrl(request.url);
      const authority = authorityOf(target);
      const headers: [string, string][] = [['Host', authority]];
      request.headers.forEach((value, name) => headers.push([HEADER_CASE[name] ?? name, value]));
      if (!request.headers.has('accept-encoding')) headers.push(['Accept-Encoding', 'identity']);
      const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
      if (body) headers.push(['Content-Length', String(body.length)]);
      const { timeoutMs, allowPrivate } = limits;
      const head = { method: request.method, target, path, headers };
      const sending = send(head, body && [body], { allowPrivate, timeoutMs });
      return await within(timeoutMs, `No whole answer from "${authority}"`, timer, sending, async (response) => {
        const start = await readStart(response.body, limits.maxBytes);
        truncated = start.truncated;
        return toResponse({ ...response, body: oneChunk(start.bytes) });
      });
    },
  };
}

/** As servers and people are used to see them. */
const HEADER_CASE: Readonly<Record<string, string>> = { authorization: 'Authorization', dpop: 'DPoP' };

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A JSON object out of a held answer; `undefined` for anything else. */
export async function readJsonObject(response: Response): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await response.text());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
