import { SigError } from '../../../src/errors.ts';
import { concatBytes } from '../../../src/encoding/bytes.ts';
import { targetOf } from '../../../src/http1/request_target.ts';
import type { ParsedRequest } from '../../../src/http1/message.ts';
import { writeResponseHead } from '../../../src/http1/write.ts';
import type { MakePassage, Passage } from '../../../src/proxy/passage.ts';
import type { RequestHead } from '../../../src/target/head.ts';
import type { Target } from '../../../src/target/target.ts';
import type { Exchange } from '../upstream/exchange.ts';
import { type NetworkProxy, parseNetworkProxy } from '../upstream/network_proxy.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { asProxyError, type Client, type Turn } from './client.ts';
import type { ProxyCore } from './core.ts';
import type { Delivery } from './deliver.ts';
import type { HeldAnswer } from './held_answer.ts';
import type { Deadline, ProxyTimes } from './deadline.ts';
import { Reception } from './reception.ts';

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
  const forwarding = new Forwarding(request, client, options);
  forwarding.begin();
  return forwarding;
}

/**
 * A request on its way, over all its sendings. A class, since one is made for each request, and a closure for
 * each thing that may happen to it would cost more than what happens.
 */
export class Forwarding implements Turn {
  readonly request: ParsedRequest;
  readonly client: Client;
  readonly options: ForwardOptions;
  readonly hasBody: boolean;
  /** Nobody waits for an answer any more. */
  isGone = false;
  /** Whether it was sent once more already. */
  isReplay = false;
  /** The sending whose answer counts. */
  exchange: Exchange | undefined = undefined;
  delivery: Delivery | undefined = undefined;
  /** What has come of an answer whose judgement is awaited. */
  held: HeldAnswer | undefined = undefined;
  private passage: Passage | undefined = undefined;
  private isBodyWanted = false;
  /** Whether the body is collected for a rule, and not sent yet. */
  private isCollecting = false;
  private kept: Uint8Array[] | undefined = undefined;
  private keptBytes = 0;

  constructor(request: ParsedRequest, client: Client, options: ForwardOptions) {
    this.request = request;
    this.client = client;
    this.options = options;
    this.hasBody = request.framing.kind !== 'none';
  }

  begin(): void {
    try {
      const target = targetOf(this.request, this.options.tunnel);
      const passage = this.options.core.begin(this.request, target);
      if (passage instanceof Promise) passage.then((made) => this.pass(made)).catch(this.fail);
      else this.pass(passage);
    } catch (error) {
      // Whoever made this turn does not have it yet.
      queueMicrotask(() => this.fail(error));
    }
  }

  private pass(passage: Passage): void {
    this.passage = passage;
    if (this.isGone) return;
    const isBodyInPlay = this.hasBody || passage.needsBody;
    const sent = isBodyInPlay ? this.passWithBody(passage) : this.send(passage, passage.head);
    sent.catch(this.fail);
  }

  private async passWithBody(passage: Passage): Promise<void> {
    if (!this.hasBody) {
      const placed = passage.place(new Uint8Array(0));
      return await this.send(passage, placed.head, placed.body);
    }
    if (passage.needsBody) {
      this.isCollecting = true;
      this.client.unframe();
      if (this.request.expectsContinue) this.client.write(writeResponseHead(100, 'Continue', []));
    } else await this.send(passage, passage.head);
    this.isBodyWanted = true;
    this.client.proceed();
  }

  /** @param body given when it is there as a whole */
  private send(its: Passage, head: RequestHead, body?: Uint8Array): Promise<void> {
    return its.record().then(() => {
      if (!this.isGone) this.start(its, head, body);
    });
  }

  private start(its: Passage, head: RequestHead, body: Uint8Array | undefined): void {
    const { options, request } = this;
    const { networkProxy, caFile, allowPrivate } = its.send;
    const { target } = head;
    const reception = new Reception(this, its);
    const exchange = options.upstream.start(
      {
        target,
        owner: options.owner,
        networkProxy: networkProxy === undefined ? options.environmentProxy(target) : parseNetworkProxy(networkProxy),
        caFile,
        allowPrivate,
      },
      {
        method: head.method,
        path: head.path,
        fields: head.headers,
        hasBody: body === undefined ? this.hasBody : body.length > 0,
        upgrade: request.upgrade === 'websocket',
        timeoutMs: options.times.answerMs,
      },
      reception,
    );
    reception.exchange = this.exchange = exchange;
    if (body === undefined) return;
    if (body.length > 0) exchange.write(body);
    exchange.finish();
  }

  /** Whether it can be sent once more. */
  canReplay(): boolean {
    return this.client.isRequestWhole && this.keptBytes <= REPLAY_LIMIT;
  }

  /** Sends the request once more, made anew, in the place of what was refused. */
  async resend(refused: Exchange, make: MakePassage): Promise<void> {
    this.exchange = undefined;
    refused.abort();
    const next = await make();
    if (this.isGone) return;
    this.passage = next;
    if (!this.hasBody) return await this.send(next, next.head);
    const body = concatBytes(...this.kept ?? []);
    if (!next.needsBody) return await this.send(next, next.head, body);
    const placed = next.place(body);
    await this.send(next, placed.head, placed.body);
  }

  /** What goes wrong is the end of this request. A function of its own, since it is handed on. */
  readonly fail = (error: unknown): void => {
    if (this.isGone) return;
    this.isGone = true;
    this.exchange?.abort();
    this.held?.abort();
    if (this.delivery?.isBegun()) this.client.cut();
    else this.client.refuse(asProxyError(error));
  };

  private keep(bytes: Uint8Array, limit: number): void {
    this.keptBytes += bytes.length;
    const kept = this.kept ??= [];
    if (this.keptBytes <= limit) kept.push(bytes);
    else kept.length = 0;
  }

  isReady(): boolean {
    return this.isBodyWanted || !this.hasBody;
  }

  body(bytes: Uint8Array): void {
    if (this.isGone) return;
    if (this.isCollecting) {
      this.keep(bytes, BODY_RULE_LIMIT);
      if (this.keptBytes > BODY_RULE_LIMIT) {
        this.fail(new SigError('E_BODY', 'Cannot put a field into the body: it is larger than 8 MiB'));
      }
      return;
    }
    if (this.passage!.injects) this.keep(bytes, REPLAY_LIMIT);
    if (!this.exchange!.write(bytes)) this.client.hold();
  }

  end(): void {
    if (this.isGone) return;
    // Before it is sent, and after a 401 until the login is renewed, there is no exchange.
    if (!this.isCollecting) return this.exchange?.finish();
    this.isCollecting = false;
    const its = this.passage!;
    Promise.resolve().then(() => {
      const placed = its.place(concatBytes(...this.kept ?? []));
      return this.send(its, placed.head, placed.body);
    }).catch(this.fail);
  }

  drain(): void {
    this.delivery?.drain();
  }

  abort(): void {
    this.isGone = true;
    this.exchange?.abort();
    this.held?.abort();
    this.delivery?.abort();
  }
}
