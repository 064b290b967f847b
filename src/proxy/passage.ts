import type { Bytes } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import { forwardRequestFields, forwardResponseFields, type ForwardTo } from '../http1/forward.ts';
import type { ParsedRequest, ParsedResponse } from '../http1/message.ts';
import type { AuditSink, BodyDecoders, Clock, SendOptions } from '../ports.ts';
import { askForReadable, decodeBody, planDecoding } from '../redact/content_coding.ts';
import type { Matcher, Redaction } from '../redact/matcher.ts';
import { redactBody } from '../redact/redact_body.ts';
import { redactFields, redactReason } from '../redact/redact_head.ts';
import { describeRequest, useEvent } from '../audit/describe.ts';
import { type Authorization, authorizeBody, type Authorizer, isRepeatable, needsBody } from '../sig/authorize.ts';
import { canDoubt, type Doubt, DOUBT_HOLD_MS, DOUBT_LIMIT, doubtsByBody, doubtsByHead } from '../sig/doubt.ts';
import { isSetCookie, keepCookies, withoutCookies } from '../sig/roll.ts';
import { createMatcherCache } from '../sig/secrets.ts';
import type { Signing } from '../sig/sign.ts';
import { checkSwitch, expectAccept, withoutExtensions } from '../websocket/handshake.ts';
import { type FrameRedaction, redactFrames } from '../websocket/redact_frames.ts';
import { type HeaderPairs, pathnameOf, type RequestHead } from '../target/head.ts';
import { authorityOf, type Target } from '../target/target.ts';
import type { Counters } from './counters.ts';
import type { OpenCredentials } from './credential_cache.ts';
import { hasPlaceholder, type Placeholder, swapPlaceholders } from './placeholder.ts';
import { decideRequest, type ProxyPolicy } from './policy.ts';
import { isTokenEndpoint, learntTokenEndpoint, refuseTokenEndpoint } from './token_endpoint.ts';

/** How the body of an answer reaches the client. */
export type AnswerBody =
  /** As it comes, framing included. */
  | { readonly kind: 'pass' }
  /** Its content through this redaction. */
  | { readonly kind: 'scan'; readonly redaction: Redaction }
  /** Its content through this function, which decodes and redacts. */
  | { readonly kind: 'decode'; readonly read: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array> };

/** An answer as it goes to the client. */
export interface AnswerPlan {
  readonly reason: string;
  /** Those of the connection already changed. */
  readonly fields: HeaderPairs;
  readonly body: AnswerBody;
  /** What all that the server sends after a switch to WebSocket goes through, if it is redacted. */
  readonly frames?: FrameRedaction;
  trailers(fields: HeaderPairs): HeaderPairs;
}

/** One request on its way, and what is done with its answer. */
export interface Passage {
  /** As it is to be written. */
  readonly head: RequestHead;
  readonly send: SendOptions;
  /** Whether it carries a credential. */
  readonly injects: boolean;
  /** Whether the body must be held whole, and given to `place`. */
  readonly needsBody: boolean;
  /**
   * Puts what belongs into the body there.
   *
   * @throws {SigError} E_BODY
   */
  place(body: Bytes): { readonly head: RequestHead; readonly body: Bytes };
  /** Records the use of the credential, before anything is sent. @throws {SigError} E_AUDIT */
  record(): Promise<void>;
  /**
   * The same with newer credentials, after a 401.
   *
   * @throws {SigError} E_LOGIN_REQUIRED when a person must log in, and what renewing throws
   */
  renew(): Promise<Passage>;
  /**
   * What to do about a refusal that another signature mends; absent when nothing signs.
   *
   * @param isReplayable whether the request can be sent once more
   * @returns makes the passage that is sent instead; `undefined` when the answer is the client's
   * @throws {SigError} E_DPOP_NONCE, E_CLOCK
   */
  readonly mend?: (response: ParsedResponse, isReplayable: boolean) => (() => Promise<Passage>) | undefined;
  /** What an answer says about the login that the request carried; absent where it can say nothing. */
  readonly weighing?: Weighing | undefined;
  /** The fields of an interim answer (1xx). */
  interim(response: ParsedResponse, to: ForwardTo): HeaderPairs;
  /**
   * What becomes of the answer; at once unless something is to be stored first.
   *
   * @throws {SigError} E_CODING when the answer cannot be redacted
   */
  answer(response: ParsedResponse, to: ForwardTo): AnswerPlan | Promise<AnswerPlan>;
}

/** Weighs an answer that is no 401; see `src/sig/doubt.ts`. */
export interface Weighing {
  /** Longest body that is held for it, in bytes. */
  readonly limitBytes: number;
  /** Longest time that a body is waited for, in milliseconds. */
  readonly holdMs: number;
  /** @returns `'body'` when a rule must see the body, as it came, too */
  head(response: ParsedResponse): readonly Doubt[] | 'body';
  body(response: ParsedResponse, body: Bytes): Promise<readonly Doubt[]>;
  /**
   * Puts what is doubted to the test.
   *
   * @returns makes the passage with newer credentials that is sent instead, once; `undefined` when the answer is the
   * client's: the login is good, or the request is none that may be sent twice
   * @throws {SigError} E_LOGIN_REQUIRED when a person must log in; E_POLICY_CHANGED, E_AUDIT
   */
  settle(doubts: readonly Doubt[]): Promise<(() => Promise<Passage>) | undefined>;
}

/** What passages are made with. */
export interface PassagePorts {
  /** The policy of this moment. */
  readonly policy: () => ProxyPolicy;
  readonly authorizer: Authorizer;
  readonly credentials: OpenCredentials;
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** Content codings that can be undone here. */
  readonly decoders: BodyDecoders;
  readonly counters: Counters;
  /** Of this proxy's child. */
  readonly placeholders?: readonly Placeholder[] | undefined;
}

/** A request that carries credentials, over all its sendings. */
interface Injected {
  /** As it goes without them. */
  readonly asked: RequestHead;
  /** Whether it holds placeholders. */
  readonly isMarked: boolean;
  /** What the server must show to switch to WebSocket, when that is asked of it. */
  readonly accept: string | undefined;
  readonly signing: Signing | undefined;
  /** Of the time when it began: what is under way when all is forgotten leaves nothing behind. */
  readonly matcherFor: ReturnType<typeof createMatcherCache>;
}

/** Where passages begin. */
export interface Passages {
  readonly begin: BeginPassage;
  /** Forgets what is kept of logins. What is under way keeps its own until it ends. */
  forget(): void;
}

/** Begins the passage of a request. */
export type BeginPassage = (request: ParsedRequest, target: Target) => Promise<Passage>;

/**
 * Creates the proxy's part of the one path: it decides about each request, places credentials through
 * the same pieces as `createSig`, and says what becomes of the answer. Sockets are elsewhere.
 *
 * @returns `begin` throws {SigError} for every request that is refused
 */
export function createPassages(ports: PassagePorts): Passages {
  const { placeholders = [], counters } = ports;
  const createCache = () => createMatcherCache(() => counters.redactions++);
  let cache = createCache();

  const begin: BeginPassage = async (request, target) => {
    const head = readHead(request, target);
    const providers = decideRequest(ports.policy(), head);
    const isMarked = hasPlaceholder(head);
    if (providers.length === 0) {
      if (isMarked) await refusePlaceholder(head);
      counters.passed++;
      return bare(head);
    }
    counters.claimed++;
    const accept = request.upgrade === 'websocket' ? await expectAccept(request) : undefined;
    const readable = askForReadable(head.headers, ports.decoders);
    const headers = accept === undefined ? readable : withoutExtensions(readable);
    const asked = headers === head.headers ? head : { ...head, headers };
    const authorization = await ports.authorizer.authorize(asked, providers);
    for (const credential of authorization.credentials) {
      const endpoint = learntTokenEndpoint(credential);
      if (endpoint && isTokenEndpoint(endpoint, target, pathnameOf(head))) refuseTokenEndpoint(endpoint);
    }
    const signing = ports.authorizer.beginSigning(providers);
    return injecting({ asked, isMarked, accept, signing, matcherFor: cache }, authorization, undefined);
  };
  return {
    begin,
    forget() {
      cache = createCache();
      ports.authorizer.forget();
    },
  };

  async function refusePlaceholder(head: RequestHead, provider?: string): Promise<never> {
    await ports.audit.write({ event: 'placeholder', provider, ...describeRequest(head) });
    const options = { placeholders, providers: [], credentials: [], nowSec: 0 };
    swapPlaceholders(head, options);
    throw new SigError('E_PLACEHOLDER', `A placeholder may not be sent to ${authorityOf(head.target)}`);
  }

  /** @param earlier secrets of credentials that the server refused, and may still show */
  async function injecting(
    its: Injected,
    authorization: Authorization,
    earlier: Authorization | undefined,
  ): Promise<Passage> {
    const { asked, isMarked, accept, signing } = its;
    const nowSec = Math.floor(ports.clock.now() / 1000);
    const { providers, credentials } = authorization;
    let { head } = authorization;
    if (isMarked) {
      try {
        head = swapPlaceholders(head, { placeholders, providers, credentials, nowSec });
      } catch (error) {
        await ports.audit.write({ event: 'placeholder', ...describeRequest(head) });
        throw error;
      }
    }
    // Last of all: a signature is over what is sent.
    if (signing) head = await signing.sign(head, credentials);
    let matcher: Matcher | undefined;
    const getMatcher = () => matcher ??= its.matcherFor(earlier ? [authorization, earlier] : [authorization]);
    const passage: Passage = {
      head,
      send: authorization.send,
      injects: true,
      needsBody: needsBody(providers),
      place: (body) => authorizeBody({ ...authorization, head }, body),
      record() {
        counters.injections++;
        return ports.audit.write(useEvent(authorization.facts, 'proxy'));
      },
      async renew() {
        const renewed = await ports.authorizer.reauthorize(asked, authorization);
        if (renewed) return await injecting(its, renewed, authorization);
        const [provider] = providers;
        throw new SigError('E_LOGIN_REQUIRED', `Server refused the login of "${provider!.id}"`, {
          hint: `sig login ${provider!.id}`,
          provider: provider!.id,
        });
      },
      weighing: ports.authorizer.retest && canDoubt(providers) ? weigh(its, authorization) : undefined,
      interim: (response, to) => redactFields(getMatcher(), withoutCookies(forwardResponseFields(response, to))),
      answer(response, to) {
        if (accept !== undefined && response.framing.kind === 'tunnel') checkSwitch(response, accept);
        const kept = withoutCookies(forwardResponseFields(response, to));
        const finish = () => redacted(getMatcher(), response, kept, asked);
        if (!response.fields.some(isSetCookie)) return finish();
        const received = { status: response.status, headers: response.fields };
        return Promise.all(
          providers.map((provider, i) => keepCookies(provider, credentials[i]!, asked, received, nowSec, ports)),
        ).then(finish);
      },
    };
    if (!signing) return passage;
    return {
      ...passage,
      mend: ({ status, fields }, isReplayable) =>
        signing.mend({ status, headers: fields }, isReplayable)
          ? () => injecting(its, authorization, earlier)
          : undefined,
    };
  }

  function weigh(its: Injected, authorization: Authorization): Weighing {
    const { asked } = its;
    const { providers } = authorization;
    const headOf = ({ status, fields }: ParsedResponse) => ({ status, headers: fields });
    return {
      limitBytes: DOUBT_LIMIT,
      holdMs: DOUBT_HOLD_MS,
      head: (response) => doubtsByHead(providers, asked, headOf(response)),
      body: (response, body) => doubtsByBody(providers, headOf(response), body, ports.decoders),
      async settle(doubts) {
        const renewed = await ports.authorizer.retest!(asked, authorization, doubts);
        return renewed && isRepeatable(asked.method) ? () => injecting(its, renewed, authorization) : undefined;
      },
    };
  }

  function redacted(matcher: Matcher, response: ParsedResponse, kept: HeaderPairs, asked: RequestHead): AnswerPlan {
    const { framing } = response;
    const reason = redactReason(matcher, response.reason);
    const trailers = (fields: HeaderPairs) => redactFields(matcher, fields);
    if (framing.kind === 'none' || framing.kind === 'tunnel') {
      const plan: AnswerPlan = { reason, fields: redactFields(matcher, kept), body: { kind: 'pass' }, trailers };
      return framing.kind === 'none' ? plan : { ...plan, frames: redactFrames(matcher.begin) };
    }
    // A server that ignores that no range was asked for could cut a secret in two.
    if (response.status === 206 && asked.method !== 'HEAD') {
      throw new SigError('E_CODING', 'Cannot redact a part of a body that nobody asked for in parts');
    }
    const { codings, headers } = planDecoding(kept, ports.decoders, true);
    const fields = redactFields(matcher, headers);
    const redaction = matcher.begin();
    if (codings.length === 0) return { reason, fields, body: { kind: 'scan', redaction }, trailers };
    const read = (body: AsyncIterable<Uint8Array>) => redactBody(decodeBody(body, codings, ports.decoders), redaction);
    return { reason, fields, body: { kind: 'decode', read }, trailers };
  }
}

function readHead(request: ParsedRequest, target: Target): RequestHead {
  const { method, target: form } = request;
  // RFC 9110 §9.3.8 and §9.3.7: what mirrors a request, or is for the server as a whole, is not for credentials.
  if (method === 'TRACE' || form.form === 'asterisk' || form.form === 'authority') {
    throw new SigError('E_METHOD', `Method ${method} is not passed on here`);
  }
  return { method, target, path: form.path, headers: forwardRequestFields(request, authorityOf(target)) };
}

/** A request without credentials: it passes as it is, and so does its answer. */
function bare(head: RequestHead): Passage {
  const passage: Passage = {
    head,
    send: {},
    injects: false,
    needsBody: false,
    place: (body) => ({ head, body }),
    record: () => Promise.resolve(),
    renew: () => Promise.resolve(passage),
    weighing: undefined,
    interim: forwardResponseFields,
    answer: (response, to) => ({
      reason: response.reason,
      fields: forwardResponseFields(response, to),
      body: { kind: 'pass' },
      trailers: (fields) => fields,
    }),
  };
  return passage;
}
