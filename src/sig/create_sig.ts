import { useEvent } from '../audit/describe.ts';
import type { Credential } from '../credential/credential.ts';
import type { Credentials } from '../credential/credentials.ts';
import type { Taught } from '../dpop/attempt.ts';
import { SigError } from '../errors.ts';
import { readAll } from '../encoding/read_all.ts';
import type { AuditSink, Body, BodyDecoders, Clock, Send, WireResponse } from '../ports.ts';
import type { ProviderSet } from '../provider/find.ts';
import type { Provider } from '../provider/provider.ts';
import type { Environment } from '../provider/settings.ts';
import { askForReadable } from '../redact/content_coding.ts';
import { redactResponse } from '../redact/redact_response.ts';
import { webDecoders } from '../redact/web_decoder.ts';
import { pathnameOf, type RequestHead } from '../target/head.ts';
import {
  type Authorization,
  authorizeBody,
  BODY_RULE_LIMIT,
  createAuthorizer,
  isRepeatable,
  needsBody,
} from './authorize.ts';
import { chooseProviders } from './choose.ts';
import { canDoubt, type Doubt, DOUBT_HOLD_MS, DOUBT_LIMIT, doubtsByBody, doubtsByHead } from './doubt.ts';
import { fetchThrough } from './fetch.ts';
import { holdBody } from './hold_body.ts';
import { followRedirects } from './redirect.ts';
import type { Check } from './retest.ts';
import { keepCookies, withoutCookies } from './roll.ts';
import { createMatcherCache } from './secrets.ts';
import type { Signing } from './sign.ts';
import type { Exchange, RequestOptions, Sig } from './sig.ts';

/** What {@link createSig} is made of. */
export interface SigOptions {
  readonly providers: ProviderSet;
  readonly credentials: Credentials;
  readonly send: Send;
  /** Obtains a new credential without a person, or throws; see `createRenewal`. */
  readonly renew: (provider: Provider, old: Credential | undefined) => Promise<Credential>;
  /** Asks a site whether it accepts a login, when an answer casts doubt on it; see `createCheck`. Default: nobody asks. */
  readonly check?: Check | undefined;
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** Environment variables that config.yaml names. Default: none. */
  readonly env?: Environment;
  /** What servers taught about proofs before; see {@link remembering}. Default nothing. */
  readonly taught?: Taught;
  /** Content codings that can be undone, so that a coded answer can be redacted. Default: what the platform has. */
  readonly decoders?: BodyDecoders;
}

/**
 * Creates the one path of the product (CONTRIBUTING.md, "The one path"). The command line, the
 * proxy and a Worker all call it.
 *
 * @example
 * ```ts
 * const sig = createSig({ providers, credentials, send, renew, audit, clock });
 * const response = await sig.fetch(new Request('https://api.example.com/me'));
 * ```
 */
export function createSig(options: SigOptions): Sig {
  const authorizer = createAuthorizer(options);
  const decoders = options.decoders ?? webDecoders();
  const matcherFor = createMatcherCache();

  /** @param carried what was sent so far, in this hop and those before it; it grows */
  async function sendOnce(
    head: RequestHead,
    body: Body | null,
    request: RequestOptions,
    carried: Authorization[],
  ): Promise<Exchange> {
    const providers = chooseProviders(options.providers, head, request.providers);
    const held = await holdForRules(providers, head, body);
    // A part of a body, or a coding that nobody here can undo, could carry a secret past the redaction (R4).
    const asked = { ...head, headers: askForReadable(head.headers, decoders) };
    const authorization = await authorizer.authorize(asked, providers);
    carried.push(authorization);
    const signing = authorizer.beginSigning(providers);
    let response = await sendSigned(authorization, held, request, signing);
    let renewed: Authorization | undefined;
    if (response.status === 401) {
      if (isReplayable(held)) renewed = await authorizer.reauthorize(asked, authorization);
    } else if (authorizer.retest && canDoubt(providers)) {
      const weighed = await weigh(providers, asked, response);
      response = weighed.response;
      try {
        renewed = weighed.doubts.length > 0 ? await authorizer.retest(asked, authorization, weighed.doubts) : undefined;
      } catch (error) {
        await discard(response);
        throw error;
      }
      if (!isRepeatable(head.method) || !isReplayable(held)) renewed = undefined;
    }
    if (renewed !== undefined) {
      await discard(response);
      carried.push(renewed);
      response = await sendSigned(renewed, held, request, signing);
    }
    // Security case R6: a fresh session is the vault's, never the caller's.
    const kept = { ...response, headers: withoutCookies(response.headers) };
    return { response: await redact(carried, kept), head, providers: providers.map((provider) => provider.id) };
  }

  /** Which logins an answer speaks against. Its body is waited for only where a rule must see it. */
  async function weigh(
    providers: readonly Provider[],
    asked: RequestHead,
    response: WireResponse,
  ): Promise<{ readonly doubts: readonly Doubt[]; readonly response: WireResponse }> {
    const doubts = doubtsByHead(providers, asked, response);
    if (doubts !== 'body') return { doubts, response };
    const { whole, body } = await holdBody(response.body, DOUBT_LIMIT, DOUBT_HOLD_MS);
    return {
      doubts: whole ? await doubtsByBody(providers, response, whole, decoders) : [],
      response: { ...response, body },
    };
  }

  /** A hop of a redirect that carries nothing; what hops before it carried may come back all the same. */
  async function sendBare(
    head: RequestHead,
    body: Body | null,
    request: RequestOptions,
    carried: readonly Authorization[],
  ): Promise<Exchange> {
    const asked = { ...head, headers: askForReadable(head.headers, decoders) };
    const response = await options.send(asked, body, { timeoutMs: request.timeoutMs });
    return { response: await redact(carried, response), head, providers: [] };
  }

  async function redact(carried: readonly Authorization[], response: WireResponse): Promise<WireResponse> {
    return (await redactResponse(matcherFor(carried), response, { decoders, strict: true })).response;
  }

  /** Sends until nothing is left that another signature mends. */
  async function sendSigned(
    authorization: Authorization,
    body: Body | null,
    request: RequestOptions,
    signing: Signing | undefined,
  ): Promise<WireResponse> {
    if (!signing) return await send(authorization, body, request);
    for (;;) {
      const { credentials } = authorization;
      const response = await send(
        { ...authorization, head: await signing.sign(authorization.head, credentials) },
        body,
        request,
      );
      try {
        if (!signing.mend(response, isReplayable(body))) return response;
      } catch (error) {
        await discard(response);
        throw error;
      }
      await discard(response);
    }
  }

  async function send(
    authorization: Authorization,
    body: Body | null,
    request: RequestOptions,
  ): Promise<WireResponse> {
    const placed = await placeBody(authorization, body);
    // Written before the request leaves: what cannot be recorded is not injected.
    await options.audit.write(useEvent(authorization.facts));
    const sendOptions = { ...authorization.send, timeoutMs: request.timeoutMs };
    const response = await options.send(placed.head, placed.body, sendOptions);
    await options.audit.write({ event: 'answer', ...authorization.facts, status: response.status });
    const nowSec = Math.floor(options.clock.now() / 1000);
    for (const [i, provider] of authorization.providers.entries()) {
      await keepCookies(provider, authorization.credentials[i]!, authorization.head, response, nowSec, options);
    }
    return response;
  }

  const request: Sig['request'] = async (head, body, requestOptions = {}) => {
    const carried: Authorization[] = [];
    const first = await sendOnce(head, body, requestOptions, carried);
    if (requestOptions.follow !== true) return first;
    return await followRedirects(first, body, {
      sendOnce: (next, nextBody) => sendOnce(next, nextBody, { ...requestOptions, providers: undefined }, carried),
      sendBare: (next, nextBody) => sendBare(next, nextBody, requestOptions, carried),
      isClaimed: (next) => options.providers.match(next.target, next.method, pathnameOf(next)).kind !== 'none',
    });
  };
  return { request, fetch: (input, fetchOptions) => fetchThrough(request, input, fetchOptions) };
}

async function holdForRules(
  providers: readonly Provider[],
  head: RequestHead,
  body: Body | null,
): Promise<Body | null> {
  if (!needsBody(providers) || body === null || Array.isArray(body)) return body;
  const bytes = await readAll(body, BODY_RULE_LIMIT);
  if (bytes !== undefined) return [bytes];
  throw new SigError(
    'E_BODY',
    `Cannot put a field into the body of ${head.method} ${pathnameOf(head)}: it is larger than 8 MiB`,
  );
}

async function placeBody(
  authorization: Authorization,
  body: Body | null,
): Promise<{ head: RequestHead; body: Body | null }> {
  const { head, placements } = authorization;
  if (!placements.some((placement) => placement.in === 'body')) return { head, body };
  const bytes = await readAll(body ?? [], BODY_RULE_LIMIT);
  const placed = authorizeBody(authorization, bytes!);
  return { head: placed.head, body: [placed.body] };
}

function isReplayable(body: Body | null): boolean {
  return body === null || Array.isArray(body);
}

/** Ends a response that nobody reads. */
async function discard(response: WireResponse): Promise<void> {
  await response.body[Symbol.asyncIterator]().return?.();
}
