import { SigError } from '../../../src/errors.ts';
import { concatBytes } from '../../../src/encoding/bytes.ts';
import { targetOf } from '../../../src/http1/request_target.ts';
import type { ParsedRequest, ParsedResponse } from '../../../src/http1/message.ts';
import { writeResponseHead } from '../../../src/http1/write.ts';
import type { AnswerPlan, Passage, Weighing } from '../../../src/proxy/passage.ts';
import type { Doubt } from '../../../src/sig/doubt.ts';
import type { RequestHead } from '../../../src/target/head.ts';
import type { Target } from '../../../src/target/target.ts';
import type { Exchange, ExchangeListener } from '../upstream/exchange.ts';
import { type NetworkProxy, parseNetworkProxy } from '../upstream/network_proxy.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { asProxyError, type Client, type Turn } from './client.ts';
import type { ProxyCore } from './core.ts';
import { type AnswerTo, deliver, type Delivery } from './deliver.ts';
import { type HeldAnswer, holdAnswer } from './held_answer.ts';
import { joinTunnel } from './join.ts';
import type { Deadline, ProxyTimes } from './deadline.ts';

/** What requests are forwarded with. */
export interface ForwardOptions {
  readonly core: Pick<ProxyCore, 'begin'>;
  readonly upstream: Upstream;
  /** Whose connections are used: those of one client's connection are its own. */
  readonly owner: string;
  /** The authority of the tunnel that the request came through. */
  readonly tunnel: Target | undefined;
  /** The network proxy that the environment names for a target. */
  readonly environmentProxy: (target: Target) => NetworkProxy | undefined;
  readonly deadline: Deadline;
  readonly times: ProxyTimes;
  /** Called when a connection that switched protocols is over. */
  readonly onClose: () => void;
}

/** Request bodies up to this size are kept until the answer begins, to be sent again after a renewal. */
const REPLAY_LIMIT = 1024 * 1024;
/** Largest body that a rule puts a field into. */
const BODY_RULE_LIMIT = 8 * 1024 * 1024;

/** Forwards one request and its answer. */
export function forwardRequest(request: ParsedRequest, client: Client, options: ForwardOptions): Turn {
  const { upstream, times } = options;
  const hasBody = request.framing.kind !== 'none';
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  let isReady = false;
  let isGone = false;
  let isReplay = false;
  let passage: Passage | undefined;
  let exchange: Exchange | undefined;
  let delivery: Delivery | undefined;
  /** What has come of an answer whose judgement is awaited. */
  let held: HeldAnswer | undefined;
  /** Whether the body is collected for a rule, and not sent yet. */
  let isCollecting = false;

  async function begin(): Promise<void> {
    const target = targetOf(request, options.tunnel);
    passage = await options.core.begin(request, target);
    if (isGone) return;
    if (passage.needsBody && hasBody) {
      isCollecting = true;
      client.unframe();
      if (request.expectsContinue) client.write(writeResponseHead(100, 'Continue', []));
    } else if (passage.needsBody) {
      const placed = passage.place(new Uint8Array(0));
      await send(passage, placed.head, placed.body);
    } else await send(passage, passage.head);
    isReady = true;
    client.proceed();
  }

  /** @param body given when it is there as a whole */
  async function send(its: Passage, head: RequestHead, body?: Uint8Array): Promise<void> {
    await its.record();
    if (isGone) return;
    const { networkProxy, caFile, allowPrivate } = its.send;
    const proxy = networkProxy === undefined ? options.environmentProxy(head.target) : parseNetworkProxy(networkProxy);
    const started = upstream.start(
      { target: head.target, owner: options.owner, networkProxy: proxy, caFile, allowPrivate },
      {
        method: head.method,
        path: head.path,
        fields: head.headers,
        hasBody: body === undefined ? hasBody : body.length > 0,
        upgrade: request.upgrade === 'websocket',
        timeoutMs: times.answerMs,
      },
      listenerFor(its, () => started),
    );
    exchange = started;
    if (body === undefined) return;
    if (body.length > 0) started.write(body);
    started.finish();
  }

  function listenerFor(its: Passage, get: () => Exchange): ExchangeListener {
    const isCurrent = () => !isGone && exchange === get();

    function begin(message: ParsedResponse, plan: AnswerPlan, to: AnswerTo): void {
      if (message.framing.kind === 'tunnel') return switchProtocols(message, plan);
      delivery = deliver({ client, exchange: get(), message, plan, to, onFail: fail });
      const waiting = held;
      held = undefined;
      waiting?.abort();
      waiting?.release(delivery);
    }

    function answer(message: ParsedResponse): void {
      if (message.interim) return passInterim(its, message);
      const again = its.mend?.(message, canReplay());
      if (again) return void resend(get(), again).catch(fail);
      if (message.status === 401 && its.injects) return void renew(its, get()).catch(fail);
      if (its.weighing && !isReplay && message.framing.kind !== 'tunnel') return weigh(message, its.weighing);
      show(message);
    }

    /** Lets an answer speak against the login, before the client sees it. */
    function weigh(message: ParsedResponse, weighing: Weighing): void {
      const doubts = weighing.head(message);
      const { framing } = message;
      const { limitBytes, holdMs } = weighing;
      if (doubts !== 'body' && doubts.length === 0) return show(message);
      const isShort = framing.kind !== 'none' && (framing.kind !== 'length' || framing.length <= limitBytes);
      if (doubts === 'body' && !isShort) return show(message);
      // As the delivery would do: what is held goes through a redaction.
      if (framing.kind === 'chunked') get().unframe();
      if (doubts !== 'body') {
        held = holdAnswer(limitBytes, holdMs, (body) => guard(() => body || get().pause()));
        return void settle(message, weighing, doubts).catch(fail);
      }
      held = holdAnswer(limitBytes, holdMs, (body) =>
        guard(() => {
          if (!body) return show(message);
          weighing.body(message, body).then((found) => settle(message, weighing, found)).catch(fail);
        }));
    }

    async function settle(message: ParsedResponse, weighing: Weighing, doubts: readonly Doubt[]): Promise<void> {
      const again = doubts.length > 0 ? await weighing.settle(doubts) : undefined;
      if (!isCurrent()) return;
      if (!again || !canReplay()) {
        show(message);
        return get().resume();
      }
      isReplay = true;
      held?.abort();
      held = undefined;
      await resend(get(), again);
    }

    function show(message: ParsedResponse): void {
      const to = { minor: request.minor, keepAlive: request.keepAlive && client.takesMore };
      const plan = its.answer(message, to);
      if (!(plan instanceof Promise)) return begin(message, plan, to);
      get().pause();
      plan.then((made) => {
        if (!isCurrent()) return;
        begin(message, made, to);
        get().resume();
      }).catch(fail);
    }

    /** What goes wrong here is the end of this request, not of the process (security case P8). */
    function guard(work: () => void): void {
      if (!isCurrent()) return;
      try {
        work();
      } catch (error) {
        fail(error);
      }
    }

    return {
      head: (message) => guard(() => answer(message)),
      body: (bytes) => guard(() => (held ?? delivery)?.body(bytes)),
      end: (trailers) => guard(() => (held ?? delivery)?.end(trailers)),
      fail: (error) => guard(() => fail(error)),
      drain: () => guard(() => client.isRequestWhole || client.proceed()),
    };
  }

  function passInterim(its: Passage, message: ParsedResponse): void {
    if (request.minor === 0 || (message.status === 100 && !request.expectsContinue)) return;
    const to = { minor: request.minor, keepAlive: true };
    client.write(writeResponseHead(message.status, message.reason, its.interim(message, to)));
  }

  /** After a 401: once with newer credentials; a person must log in otherwise. */
  async function renew(its: Passage, refused: Exchange): Promise<void> {
    const wasReplayed = isReplay;
    const isWhole = canReplay();
    isReplay = true;
    await resend(refused, async () => {
      const renewed = wasReplayed ? undefined : await its.renew();
      if (!renewed) {
        throw new SigError('E_LOGIN_REQUIRED', 'Server refused the login, and a renewed one as well', {
          hint: 'log in again, or check what the login may do there',
        });
      }
      if (isWhole) return renewed;
      throw new SigError('E_LOGIN_REQUIRED', 'Server refused the login, and the request cannot be sent twice', {
        hint: 'the login was renewed: send the request again; if that does not help, log in again',
      });
    });
  }

  function canReplay(): boolean {
    return client.isRequestWhole && keptBytes <= REPLAY_LIMIT;
  }

  /** Sends the request once more, made anew, in the place of what was refused. */
  async function resend(refused: Exchange, make: () => Promise<Passage>): Promise<void> {
    exchange = undefined;
    refused.abort();
    const next = await make();
    if (isGone) return;
    passage = next;
    if (!hasBody) return await send(next, next.head);
    const body = concatBytes(...kept);
    if (!next.needsBody) return await send(next, next.head, body);
    const placed = next.place(body);
    await send(next, placed.head, placed.body);
  }

  function switchProtocols(message: ParsedResponse, plan: AnswerPlan): void {
    client.write(writeResponseHead(message.status, plan.reason, plan.fields));
    const far = exchange!.detach();
    isGone = true;
    joinTunnel(client.detach(), far, options.deadline, times.tunnelMs, options.onClose, plan.frames);
  }

  function fail(error: unknown): void {
    if (isGone) return;
    isGone = true;
    exchange?.abort();
    held?.abort();
    if (delivery?.isBegun()) client.cut();
    else client.refuse(asProxyError(error));
  }

  function keep(bytes: Uint8Array, limit: number): void {
    keptBytes += bytes.length;
    if (keptBytes <= limit) kept.push(bytes);
    else kept.length = 0;
  }

  begin().catch(fail);
  return {
    isReady: () => isReady,
    body(bytes) {
      if (isGone) return;
      if (isCollecting) {
        keep(bytes, BODY_RULE_LIMIT);
        if (keptBytes > BODY_RULE_LIMIT) {
          fail(new SigError('E_BODY', 'Cannot put a field into the body: it is larger than 8 MiB'));
        }
        return;
      }
      if (passage!.injects) keep(bytes, REPLAY_LIMIT);
      if (!exchange!.write(bytes)) client.hold();
    },
    end() {
      if (isGone) return;
      if (!isCollecting) {
        // After a 401 there is no exchange until the login is renewed.
        return exchange?.finish();
      }
      isCollecting = false;
      const its = passage!;
      Promise.resolve().then(() => {
        const placed = its.place(concatBytes(...kept));
        return send(its, placed.head, placed.body);
      }).catch(fail);
    },
    drain: () => delivery?.drain(),
    abort() {
      isGone = true;
      exchange?.abort();
      held?.abort();
      delivery?.abort();
    },
  };
}
