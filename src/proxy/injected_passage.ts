import { useEvent } from '../audit/describe.ts';
import type { Bytes } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import { forwardResponseFields, type ForwardTo } from '../http1/forward.ts';
import type { ParsedResponse } from '../http1/message.ts';
import type { SendOptions } from '../ports.ts';
import { decodeBody, planDecoding } from '../redact/content_coding.ts';
import type { Matcher } from '../redact/matcher.ts';
import { redactBody } from '../redact/redact_body.ts';
import { redactFields, redactReason } from '../redact/redact_head.ts';
import { type Authorization, authorizeBody, isRepeatable, needsBody } from '../sig/authorize.ts';
import { canDoubt, DOUBT_HOLD_MS, DOUBT_LIMIT, doubtsByBody, doubtsByHead } from '../sig/doubt.ts';
import { isSetCookie, keepCookies, withoutCookies } from '../sig/roll.ts';
import type { createMatcherCache } from '../sig/secrets.ts';
import type { Signing } from '../sig/sign.ts';
import type { HeaderPairs, RequestHead } from '../target/head.ts';
import { checkSwitch } from '../websocket/handshake.ts';
import { redactFrames } from '../websocket/redact_frames.ts';
import type { AnswerBody, AnswerPlan, MakePassage, Passage, PassagePorts, Weighing } from './passage.ts';

/** A request that carries credentials, over all its sendings. */
export interface Injected {
  /** As it goes without them. */
  readonly asked: RequestHead;
  /** Whether it holds placeholders. */
  readonly isMarked: boolean;
  /** What the server must show to switch to WebSocket, when that is asked of it. */
  readonly accept: string | undefined;
  readonly signing: Signing | undefined;
  /** Of the time when it began: what is under way when all is forgotten leaves nothing behind. */
  readonly matcherFor: ReturnType<typeof createMatcherCache>;
  readonly ports: PassagePorts;
  /** Makes the next sending. */
  readonly again: (its: Injected, authorization: Authorization, earlier: Authorization | undefined) => Promise<Passage>;
}

/** One sending of a request that carries credentials. A class, since one is made for each request. */
export class InjectedPassage implements Passage {
  readonly head: RequestHead;
  readonly send: SendOptions;
  readonly injects = true;
  readonly needsBody: boolean;
  readonly its: Injected;
  readonly authorization: Authorization;
  readonly earlier: Authorization | undefined;
  matcher: Matcher | undefined = undefined;

  /**
   * @param head as it is to be written
   * @param earlier secrets of credentials that the server refused, and may still show
   */
  constructor(its: Injected, authorization: Authorization, head: RequestHead, earlier: Authorization | undefined) {
    this.its = its;
    this.authorization = authorization;
    this.head = head;
    this.send = authorization.send;
    this.needsBody = needsBody(authorization.providers);
    this.earlier = earlier;
  }

  place(body: Bytes): { readonly head: RequestHead; readonly body: Bytes } {
    return authorizeBody({ ...this.authorization, head: this.head }, body);
  }

  record(): Promise<void> {
    const { counters, audit } = this.its.ports;
    counters.injections++;
    return audit.write(useEvent(this.authorization.facts, 'proxy'));
  }

  async renew(): Promise<Passage> {
    const { its, authorization } = this;
    const renewed = await its.ports.authorizer.reauthorize(its.asked, authorization);
    if (renewed) return await its.again(its, renewed, authorization);
    const [provider] = authorization.providers;
    throw new SigError('E_LOGIN_REQUIRED', `Server refused the login of "${provider!.id}"`, {
      hint: `sig login ${provider!.id}`,
      provider: provider!.id,
    });
  }

  mend({ status, fields }: ParsedResponse, isReplayable: boolean): MakePassage | undefined {
    const { its, authorization, earlier } = this;
    if (!its.signing?.mend({ status, headers: fields }, isReplayable)) return undefined;
    return () => its.again(its, authorization, earlier);
  }

  get weighing(): Weighing | undefined {
    const { its, authorization } = this;
    return its.ports.authorizer.retest && canDoubt(authorization.providers) ? weigh(its, authorization) : undefined;
  }

  interim(response: ParsedResponse, to: ForwardTo): HeaderPairs {
    return redactFields(this.getMatcher(), withoutCookies(forwardResponseFields(response, to)));
  }

  answer(response: ParsedResponse, to: ForwardTo): AnswerPlan | Promise<AnswerPlan> {
    const { its, authorization } = this;
    const { ports, asked, accept } = its;
    if (accept !== undefined && response.framing.kind === 'tunnel') checkSwitch(response, accept);
    const fields = forwardResponseFields(response, to);
    if (!response.fields.some(isSetCookie)) return this.redacted(response, fields);
    const { providers, credentials } = authorization;
    const received = { status: response.status, headers: response.fields };
    const nowSec = Math.floor(ports.clock.now() / 1000);
    return Promise.all(
      providers.map((provider, i) => keepCookies(provider, credentials[i]!, asked, received, nowSec, ports)),
    ).then(() => this.redacted(response, withoutCookies(fields)));
  }

  /** @param kept fields that go to the client */
  private redacted(response: ParsedResponse, kept: HeaderPairs): AnswerPlan {
    const { framing } = response;
    const { asked, ports } = this.its;
    const matcher = this.getMatcher();
    const reason = redactReason(matcher, response.reason);
    if (framing.kind === 'none' || framing.kind === 'tunnel') {
      const plan = new RedactedPlan(matcher, reason, redactFields(matcher, kept), { kind: 'pass' });
      if (framing.kind === 'tunnel') plan.frames = redactFrames(matcher.begin);
      return plan;
    }
    // A server that ignores that no range was asked for could cut a secret in two.
    if (response.status === 206 && asked.method !== 'HEAD') {
      throw new SigError('E_CODING', 'Cannot redact a part of a body that nobody asked for in parts');
    }
    const { codings, headers } = planDecoding(kept, ports.decoders, true);
    const redaction = matcher.begin();
    const body: AnswerBody = codings.length === 0 ? { kind: 'scan', redaction } : {
      kind: 'decode',
      read: (coded) => redactBody(decodeBody(coded, codings, ports.decoders), redaction),
    };
    return new RedactedPlan(matcher, reason, redactFields(matcher, headers), body);
  }

  private getMatcher(): Matcher {
    const { its, authorization, earlier } = this;
    return this.matcher ??= its.matcherFor(earlier ? [authorization, earlier] : [authorization]);
  }
}

class RedactedPlan implements AnswerPlan {
  readonly matcher: Matcher;
  readonly reason: string;
  readonly fields: HeaderPairs;
  readonly body: AnswerBody;
  frames: AnswerPlan['frames'] = undefined;

  constructor(matcher: Matcher, reason: string, fields: HeaderPairs, body: AnswerBody) {
    this.matcher = matcher;
    this.reason = reason;
    this.fields = fields;
    this.body = body;
  }

  trailers(fields: HeaderPairs): HeaderPairs {
    return redactFields(this.matcher, fields);
  }
}

function weigh(its: Injected, authorization: Authorization): Weighing {
  const { asked, ports } = its;
  const { providers } = authorization;
  const headOf = ({ status, fields }: ParsedResponse) => ({ status, headers: fields });
  return {
    limitBytes: DOUBT_LIMIT,
    holdMs: DOUBT_HOLD_MS,
    head: (response) => doubtsByHead(providers, asked, headOf(response)),
    body: (response, body) => doubtsByBody(providers, headOf(response), body, ports.decoders),
    async settle(doubts) {
      const renewed = await ports.authorizer.retest!(asked, authorization, doubts);
      return renewed && isRepeatable(asked.method) ? () => its.again(its, renewed, authorization) : undefined;
    },
  };
}
