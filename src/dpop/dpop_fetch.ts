import { SigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { type ClockOffsets, readClockOffset } from './clock_offset.ts';
import { type HeldBody, holdBody } from './held_body.ts';
import { holdToken, type Refresh } from './held_token.ts';
import { type Mend, mendOf } from './mend.ts';
import { createNonceStore, isNonce, type NonceStore } from './nonce_store.ts';
import { nextHop } from './redirect.ts';
import { refusalOf } from './refusal.ts';
import { type DpopSession, nowOf, requireOrigin, roleOf, signRequest } from './session.ts';

/** What sends one request: the platform's `fetch`, or anything of its shape. */
export type SendRequest = (request: Request) => Promise<Response>;

/** A `fetch` whose requests are signed. */
export type DpopFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** That a request is sent once more, and why. */
export interface Retry {
  readonly reason: Mend | 'redirect';
  readonly origin: string;
}

/** How {@link dpopFetch} reacts. */
export interface DpopFetchOptions {
  /**
   * Gets another token when a server has refused this one; called once for all requests that
   * meet the refusal at the same time. Without it the refusal is handed to the caller.
   */
  readonly refresh?: Refresh | undefined;
  /** How many redirects within the origin are followed; default 0, which hands them to the caller. */
  readonly maxRedirects?: number | undefined;
  /** Up to how many bytes a body is held to be sent again; default 1 MiB, 0 holds nothing. */
  readonly maxBodyBytes?: number | undefined;
  /** Told about each further sending. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** One request on its way. */
interface Sending {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: HeldBody;
  readonly signal: AbortSignal;
}

/** What came back, and what it was asked with. */
interface Answer {
  readonly response: Response;
  readonly used: Secret | undefined;
  readonly usedOffsetMs: number;
  /** Nonce that came with it. */
  readonly nonce: string | undefined;
}

/**
 * Wraps a `fetch` so that each request carries the session's token and a fresh proof (RFC 9449
 * §7), only to the origins of the session.
 *
 * It learns nonces from every answer and sends a request again, each time with a new proof: once
 * for a nonce, once when the clocks differ, once with a new token from `refresh`. Redirects are
 * not followed unless asked, and then within the origin. A `DPoP` header of the caller is refused,
 * and so is `Authorization` where the session has a token. Method, headers, body and signal of a
 * request go along; other members of `RequestInit` do not. Needs a `fetch` that shows redirects,
 * as all do outside browsers.
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
  const token = holdToken(session.accessToken, options.refresh);
  const { maxRedirects = 0, maxBodyBytes = 1_048_576, onRetry = () => {} } = options;

  async function sendOnce({ method, url, headers, body, signal }: Sending, ownNonce?: string): Promise<Answer> {
    // One snapshot of the token for header, hash and refusal (security case D12).
    const used = token.current();
    const { origin } = new URL(url);
    const usedOffsetMs = clockOffsets.get(origin) ?? 0;
    const signer = { ...session, accessToken: used, role, nonces, clockOffsets };
    const signed = new Headers(headers);
    for (const [name, value] of await signRequest(signer, { method, url, nonce: ownNonce })) signed.set(name, value);
    const content = body.open();
    const duplex = content instanceof ReadableStream ? { duplex: 'half' } : {};
    const request = new Request(url, { method, headers: signed, body: content, signal, redirect: 'manual', ...duplex });
    const response = await send(request);
    // Every answer may bring a nonce, whatever its status (RFC 9449 §8.2).
    const text = response.headers.get('dpop-nonce') ?? '';
    const nonce = isNonce(text) ? text : undefined;
    if (nonce) await nonces.put({ role, origin, nonce, atMs: nowOf(session) });
    return { response, used, usedOffsetMs, nonce };
  }

  /** Sends until nothing is left to mend. */
  async function sendMended(sending: Sending): Promise<Response> {
    const { origin } = new URL(sending.url);
    const mended = new Set<Mend>();
    // The nonce of its own refusal: other requests may have used up the newest of the store.
    let ownNonce: string | undefined;
    for (;;) {
      const { response, used, usedOffsetMs, nonce } = await sendOnce(sending, ownNonce);
      const refusal = await refusalOf(role, response);
      if (!refusal) return response;
      const nowMs = nowOf(session);
      const offsetMs = readClockOffset(response.headers, nowMs);
      const { isReplayable } = sending.body;
      const failure = { refusal, origin, nonce, offsetMs, usedOffsetMs, nowMs, mended, isReplayable };
      const mend = await decide(response, () => mendOf(failure));
      if (mend === 'clock') clockOffsets.set(origin, offsetMs!);
      if (!mend || (mend === 'refresh' && !(used && await token.renew(used)))) return response;
      // The next request has the token or the clock that this one lacked; its body is gone.
      if (!isReplayable) return response;
      await discard(response);
      mended.add(mend);
      ownNonce = nonce ?? ownNonce;
      onRetry({ reason: mend, origin });
    }
  }

  return async (input, init) => {
    const { href } = requireOrigin(session, input instanceof Request ? input.url : String(input));
    const request = new Request(input, init);
    // Without a token of the session, `Authorization` is the client's own authentication (RFC 6749 §2.3.1).
    for (const name of token.current() ? ['Authorization', 'DPoP'] : ['DPoP']) {
      if (!request.headers.has(name)) continue;
      throw new SigError('E_CONFLICT', `Header "${name}" is set by the DPoP session and by the caller`);
    }
    const { method, headers, signal } = request;
    let sending: Sending = { method, url: href, headers, signal, body: await holdBody(request.body, maxBodyBytes) };
    for (let redirects = 0;; redirects++) {
      const response = await sendMended(sending);
      if (maxRedirects === 0) return response;
      const hop = await decide(response, () => nextHop(sending.method, sending.url, response));
      if (!hop) return response;
      await discard(response);
      if (redirects === maxRedirects) throw redirectError(sending.url, 'too often');
      if (!sending.body.isReplayable && !hop.dropsBody) {
        throw redirectError(sending.url, 'a body that cannot be sent twice');
      }
      onRetry({ reason: 'redirect', origin: new URL(sending.url).origin });
      sending = { ...sending, ...hop, ...(hop.dropsBody ? await withoutBody(sending.headers) : {}) };
    }
  };
}

/** What is left of a request whose body a redirect dropped (Fetch §4.4). */
async function withoutBody(headers: Headers): Promise<Pick<Sending, 'headers' | 'body'>> {
  const rest = new Headers(headers);
  for (const part of ['Encoding', 'Language', 'Length', 'Location', 'Type']) rest.delete(`Content-${part}`);
  return { headers: rest, body: await holdBody(null, 0) };
}

/** Decides over an answer; when that ends in an error, nobody will read the answer. */
async function decide<T>(response: Response, decision: () => T): Promise<T> {
  try {
    return decision();
  } catch (error) {
    await discard(response);
    throw error;
  }
}

/** Lets go of an answer that nobody will read, and of its connection with it. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel();
}

function redirectError(url: string, how: string): SigError {
  return new SigError('E_REDIRECT', `Server "${new URL(url).origin}" redirects ${how}`);
}
