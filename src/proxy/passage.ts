import type { Bytes } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import { forwardRequestFields, forwardResponseFields, type ForwardTo } from '../http1/forward.ts';
import type { ParsedRequest, ParsedResponse } from '../http1/message.ts';
import type { AuditSink, BodyDecoders, Clock, SendOptions } from '../ports.ts';
import { askForReadable } from '../redact/content_coding.ts';
import type { Redaction } from '../redact/matcher.ts';
import { describeRequest } from '../audit/describe.ts';
import type { Authorization, Authorizer } from '../sig/authorize.ts';
import type { Doubt } from '../sig/doubt.ts';
import { createMatcherCache } from '../sig/secrets.ts';
import { expectAccept, withoutExtensions } from '../websocket/handshake.ts';
import type { FrameRedaction } from '../websocket/redact_frames.ts';
import { type HeaderPairs, pathnameOf, type RequestHead } from '../target/head.ts';
import { authorityOf, type Target } from '../target/target.ts';
import type { Provider } from '../provider/provider.ts';
import type { Counters } from './counters.ts';
import type { OpenCredentials } from './credential_cache.ts';
import { type Injected, InjectedPassage } from './injected_passage.ts';
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
  readonly frames?: FrameRedaction | undefined;
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
   * What to do about a refusal that another signature mends.
   *
   * @param isReplayable whether the request can be sent once more
   * @returns makes the passage that is sent instead; `undefined` when the answer is the client's
   * @throws {SigError} E_DPOP_NONCE, E_CLOCK
   */
  mend(response: ParsedResponse, isReplayable: boolean): MakePassage | undefined;
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
  settle(doubts: readonly Doubt[]): Promise<MakePassage | undefined>;
}

/** Makes the passage that is sent in the place of another. */
export type MakePassage = () => Promise<Passage>;

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

/** Where passages begin. */
export interface Passages {
  readonly begin: BeginPassage;
  /** Forgets what is kept of logins. What is under way keeps its own until it ends. */
  forget(): void;
}

/**
 * Begins the passage of a request: at once where its logins are open already.
 *
 * @throws {SigError} for every request that is refused
 */
export type BeginPassage = (request: ParsedRequest, target: Target) => Passage | Promise<Passage>;

/**
 * Creates the proxy's part of the one path: it decides about each request, places credentials through
 * the same pieces as `createSig`, and says what becomes of the answer. Sockets are elsewhere.
 */
export function createPassages(ports: PassagePorts): Passages {
  const { placeholders = [], counters } = ports;
  const createCache = () => createMatcherCache(() => counters.redactions++);
  let cache = createCache();

  const begin: BeginPassage = (request, target) => {
    const head = readHead(request, target);
    const providers = decideRequest(ports.policy(), head);
    const isMarked = hasPlaceholder(head);
    if (providers.length === 0) {
      if (isMarked) return refusePlaceholder(head);
      counters.passed++;
      return bare(head);
    }
    counters.claimed++;
    if (request.upgrade !== 'websocket') return claim(head, head.headers, providers, isMarked, undefined);
    const headers = withoutExtensions(head.headers);
    return expectAccept(request).then((accept) => claim(head, headers, providers, isMarked, accept));
  };

  /** @param accept what the server must show to switch to WebSocket, when that is asked of it */
  function claim(
    head: RequestHead,
    headers: HeaderPairs,
    providers: readonly Provider[],
    isMarked: boolean,
    accept: string | undefined,
  ): Passage | Promise<Passage> {
    const { method, target, path } = head;
    const asked: RequestHead = { method, target, path, headers: askForReadable(headers, ports.decoders) };
    const inject = (authorization: Authorization) => {
      for (const credential of authorization.credentials) {
        const endpoint = learntTokenEndpoint(credential);
        if (endpoint && isTokenEndpoint(endpoint, target, pathnameOf(head))) refuseTokenEndpoint(endpoint);
      }
      const signing = ports.authorizer.beginSigning(providers);
      const its: Injected = { asked, isMarked, accept, signing, matcherFor: cache, ports, again };
      return injected(its, authorization, undefined);
    };
    const authorization = ports.authorizer.authorize(asked, providers);
    return authorization instanceof Promise ? authorization.then(inject) : inject(authorization);
  }

  function injected(
    its: Injected,
    authorization: Authorization,
    earlier: Authorization | undefined,
  ): Passage | Promise<Passage> {
    if (its.isMarked || its.signing) return again(its, authorization, earlier);
    return new InjectedPassage(its, authorization, authorization.head, earlier);
  }

  async function again(
    its: Injected,
    authorization: Authorization,
    earlier: Authorization | undefined,
  ): Promise<Passage> {
    const { providers, credentials } = authorization;
    let { head } = authorization;
    if (its.isMarked) {
      const nowSec = Math.floor(ports.clock.now() / 1000);
      try {
        head = swapPlaceholders(head, { placeholders, providers, credentials, nowSec });
      } catch (error) {
        await ports.audit.write({ event: 'placeholder', ...describeRequest(head) });
        throw error;
      }
    }
    // Last of all: a signature is over what is sent.
    if (its.signing) head = await its.signing.sign(head, credentials);
    return new InjectedPassage(its, authorization, head, earlier);
  }

  async function refusePlaceholder(head: RequestHead): Promise<never> {
    await ports.audit.write({ event: 'placeholder', provider: undefined, ...describeRequest(head) });
    const options = { placeholders, providers: [], credentials: [], nowSec: 0 };
    swapPlaceholders(head, options);
    throw new SigError('E_PLACEHOLDER', `A placeholder may not be sent to ${authorityOf(head.target)}`);
  }

  return {
    begin,
    forget() {
      cache = createCache();
      ports.authorizer.forget();
    },
  };
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
    mend: () => undefined,
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
