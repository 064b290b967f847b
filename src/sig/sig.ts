import type { Body, WireResponse } from '../ports.ts';
import type { RequestHead } from '../target/head.ts';

/** How one request is treated. */
export interface RequestOptions {
  /** Provider ids; by default the one that claims the target. */
  readonly providers?: readonly string[] | undefined;
  /** Whether redirects are followed; each hop is judged afresh. Default false. */
  readonly follow?: boolean | undefined;
  /** Milliseconds until a response head must be there. */
  readonly timeoutMs?: number | undefined;
}

/** An answered request. */
export interface Exchange {
  readonly response: WireResponse;
  /** The request as it was last sent, without what was injected. */
  readonly head: RequestHead;
  /** Whose credentials it carried; empty when a followed redirect left all of them. */
  readonly providers: readonly string[];
}

/** Sends requests with the login of whoever they belong to. */
export interface Sig {
  /**
   * Sends one request: find the provider → make its credential fresh → place it → send → on 401 renew once and
   * replay once. An answer that speaks against the login in another way, as one that fails `validateRule`, has
   * `validateUrl` asked first, and is replayed only for methods that may be repeated.
   *
   * @param body an array of chunks can be replayed; a stream is sent once
   * @throws {SigError} before anything is sent when policy, login or values do not allow it
   */
  request(head: RequestHead, body: Body | null, options?: RequestOptions): Promise<Exchange>;
  /** The same with the platform's own types. Redirects are followed only for `redirect: "follow"` set by the caller. */
  fetch(request: Request, options?: RequestOptions): Promise<Response>;
}
