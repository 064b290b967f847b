import { SigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { type ClockOffsets, MAX_OFFSET_MS, readClockOffset } from './clock_offset.ts';
import { holdBody } from './held_body.ts';
import { createNonceStore, isNonce, type NonceStore } from './nonce_store.ts';
import { nextHop } from './redirect.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import { boxed, type DpopSession, nowOf, requireOrigin, roleOf, signRequest } from './session.ts';

/** What sends one request: the platform's `fetch`, or anything of its shape. */
export type SendRequest = (request: Request) => Promise<Response>;

/** A `fetch` whose requests are signed. */
export type DpopFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Why a request was sent once more. */
export interface Retry {
  readonly reason: 'nonce' | 'clock' | 'refresh' | 'redirect';
  readonly origin: string;
}

/** How {@link dpopFetch} reacts. */
export interface DpopFetchOptions {
  /**
   * Gets another token when a server has refused this one; called once for all requests that
   * meet the refusal at the same time. Without it the refusal is handed to the caller.
   */
  readonly refresh?: ((refused: Secret) => Promise<Secret | string>) | undefined;
  /** How many redirects within the origin are followed; default 0, which hands them to the caller. */
  readonly maxRedirects?: number | undefined;
  /** Up to how many bytes a body is held to be sent again; default 1 MiB, 0 holds nothing. */
  readonly maxBodyBytes?: number | undefined;
  /** Told about each further sending. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** One request on its way, and what it has been retried for already: each at most once. */
interface Sending {
  readonly method: string;
  readonly url: string;
  readonly retried: Set<Retry['reason']>;
  /** The nonce that its own refusal brought; others may have used up the newest of the store. */
  nonce?: string | undefined;
}

/** What came back, from where, and what it was asked with. */
interface Answer {
  readonly origin: string;
  readonly used: Secret | undefined;
  readonly nonce: string | undefined;
  readonly response: Response;
}

/**
 * Wraps a `fetch` so that each request carries the session's token and a fresh proof (RFC 9449
 * §7), only to the origins of the session.
 *
 * It learns nonces from every answer and sends a request again, each time with a new proof: once
 * for a nonce, once when the clocks differ, once with a new token from `refresh`. Redirects are
 * not followed unless asked, and then within the origin. A `DPoP` header of the caller is refused,
 * and so is `Authorization` where the session has a token. Method, headers, body and signal of a request go along; other
 * members of `RequestInit` do not. Needs a `fetch` that shows redirects, as all do outside browsers.
 *
 * @throws {SigError} E_HOST_NOT_ALLOWED, E_PLAINTEXT, E_TARGET before a byte is sent
 * @throws {SigError} E_CONFLICT when the caller set a header that the session sets
 * @throws {SigError} E_DPOP_NONCE when a server asks for a nonce again, gives none with its
 * demand, or asks after a body that cannot be sent twice
 * @throws {SigError} E_CLOCK when a proof is refused and the clocks are more than 5 minutes apart
 * @throws {SigError} E_REDIRECT when a redirect to follow leaves the origin or is one too many
 *
 * @example
 * ```ts
 * const api = dpopFetch(fetch, { key, accessToken, origins: ['https://api.example.com'] });
 * const response = await api('https://api.example.com/me');
 * ```
 */
export function dpopFetch(send: SendRequest, session: DpopSession, options: DpopFetchOptions = {}): DpopFetch {
  const nonces: NonceStore = session.nonces ?? createNonceStore();
  const clockOffsets: ClockOffsets = session.clockOffsets ?? new Map<string, number>();
  const role = roleOf(session);
  const maxRedirects = options.maxRedirects ?? 0;
  let token = session.accessToken === undefined ? undefined : boxed(session.accessToken);
  let refreshing: Promise<void> | undefined;

  /** Gets another token than the refused one, once for all who wait. */
  async function refreshAfter(refused: Secret): Promise<boolean> {
    if (token === refused) {
      refreshing ??= options.refresh!(refused)
        .then((fresh) => void (token = boxed(fresh)))
        .finally(() => refreshing = undefined);
      await refreshing;
    }
    return token!.reveal() !== refused.reveal();
  }

  /** Keeps what an answer teaches, whatever its status (RFC 9449 §8.2). */
  async function learn(origin: string, response: Response): Promise<string | undefined> {
    const nonce = response.headers.get('dpop-nonce');
    if (nonce === null || !isNonce(nonce)) return undefined;
    await nonces.put({ role, origin, nonce, atMs: nowOf(session) });
    return nonce;
  }

  /** What mends a refusal, or `undefined` when nothing does. */
  async function mend(refusal: Refusal, sending: Sending, answer: Answer): Promise<Retry['reason'] | undefined> {
    const { origin, response } = answer;
    if (refusal === 'use_dpop_nonce') {
      if (sending.retried.has('nonce')) throw nonceError(`Server "${origin}" asks for another DPoP nonce again`);
      if (answer.nonce === undefined) throw nonceError(`Server "${origin}" asks for a DPoP nonce and gives none`);
      return 'nonce';
    }
    const nowMs = nowOf(session);
    const offsetMs = readClockOffset(response.headers, nowMs);
    if (offsetMs !== undefined && !sending.retried.has('clock')) {
      const differenceMs = Math.abs(offsetMs - (clockOffsets.get(origin) ?? 0));
      // A refused proof is worth a try at once; a refused token is mostly just old.
      const isWorthIt = differenceMs > (refusal === 'invalid_dpop_proof' ? 2_000 : 30_000);
      if (isWorthIt && Math.abs(offsetMs) <= MAX_OFFSET_MS) {
        clockOffsets.set(origin, offsetMs);
        return 'clock';
      }
      if (isWorthIt && refusal === 'invalid_dpop_proof') throw clockError(origin, nowMs, nowMs + offsetMs);
    }
    const canRefresh = refusal === 'invalid_token' && answer.used && options.refresh && !sending.retried.has('refresh');
    return canRefresh && await refreshAfter(answer.used) ? 'refresh' : undefined;
  }

  return async (input, init) => {
    const { href } = requireOrigin(session, input instanceof Request ? input.url : String(input));
    const request = new Request(input, init);
    const headers = new Headers(request.headers);
    // Without a token of the session, `Authorization` is the client's own authentication (RFC 6749 §2.3.1).
    for (const name of token ? ['Authorization', 'DPoP'] : ['DPoP']) {
      if (headers.has(name)) {
        throw new SigError('E_CONFLICT', `Header "${name}" is set by the DPoP session and by the caller`);
      }
    }
    let body = await holdBody(request.body, options.maxBodyBytes ?? 1_048_576);
    let sending: Sending = { method: request.method, url: href, retried: new Set() };
    let redirects = 0;
    for (;;) {
      // One snapshot of the token for header, hash and refusal (security case D12).
      const used = token;
      const origin = new URL(sending.url).origin;
      const signed = new Headers(headers);
      const line = { method: sending.method, url: sending.url, nonce: sending.nonce };
      for (
        const [name, value] of await signRequest({ ...session, accessToken: used, role, nonces, clockOffsets }, line)
      ) {
        signed.set(name, value);
      }
      const content = body.open();
      const response = await send(
        new Request(sending.url, {
          method: sending.method,
          headers: signed,
          body: content,
          signal: request.signal,
          redirect: 'manual',
          ...(content instanceof ReadableStream ? { duplex: 'half' } : {}),
        } as RequestInit),
      );
      const nonce = await learn(origin, response);

      const refusal = await refusalOf(role, response);
      const reason = refusal && await mend(refusal, sending, { origin, used, nonce, response });
      if (reason) {
        if (!body.replayable) {
          if (reason !== 'nonce') return response;
          throw nonceError(
            `Server "${origin}" asks for a DPoP nonce and the body cannot be sent twice`,
            'send it again',
          );
        }
        await discard(response);
        sending.retried.add(reason);
        sending.nonce = nonce ?? sending.nonce;
        options.onRetry?.({ reason, origin });
        continue;
      }

      const hop = maxRedirects > 0 ? nextHop(sending.method, sending.url, response) : undefined;
      if (!hop) return response;
      await discard(response);
      if (++redirects > maxRedirects || !(body.replayable || hop.dropsBody)) {
        throw new SigError(
          'E_REDIRECT',
          `Server "${origin}" redirects too often, or with a body that cannot be sent twice`,
        );
      }
      if (hop.dropsBody) {
        body = await holdBody(null, 0);
        for (
          const name of ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type']
        ) {
          headers.delete(name);
        }
      }
      sending = { method: hop.method, url: hop.url, retried: new Set() };
      options.onRetry?.({ reason: 'redirect', origin });
    }
  };
}

/** Lets go of an answer that nobody will read, and of its connection with it. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel();
}

function nonceError(message: string, hint?: string): SigError {
  return new SigError('E_DPOP_NONCE', message, { hint });
}

function clockError(origin: string, hereMs: number, thereMs: number): SigError {
  const [here, there] = [hereMs, thereMs].map((ms) => new Date(ms).toISOString());
  return new SigError('E_CLOCK', `The clock here says ${here} and that of "${origin}" ${there}`, {
    hint: 'set this clock; DPoP proofs are refused when the two are far apart',
  });
}
