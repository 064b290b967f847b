import { SigError } from '../../../src/errors.ts';
import type { ParsedResponse } from '../../../src/http1/message.ts';
import { writeResponseHead } from '../../../src/http1/write.ts';
import type { AnswerPlan, Passage, Weighing } from '../../../src/proxy/passage.ts';
import type { Doubt } from '../../../src/sig/doubt.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import type { Exchange, ExchangeListener } from '../upstream/exchange.ts';
import { type AnswerTo, deliver } from './deliver.ts';
import type { Forwarding } from './forward.ts';
import { holdAnswer } from './held_answer.ts';
import { joinTunnel } from './join.ts';

/**
 * Receives the answer to one sending of a request, and decides what becomes of it: it is delivered, held until it
 * is judged, or dropped for that of another sending. What goes wrong is the end of the request, not of the process
 * (security case P8).
 */
export class Reception implements ExchangeListener {
  readonly turn: Forwarding;
  readonly its: Passage;
  /** Set before anything comes. */
  exchange!: Exchange;

  constructor(turn: Forwarding, its: Passage) {
    this.turn = turn;
    this.its = its;
  }

  head(message: ParsedResponse): void {
    if (!this.isCurrent()) return;
    try {
      this.answer(message);
    } catch (error) {
      this.turn.fail(error);
    }
  }

  body(bytes: Uint8Array): void {
    if (!this.isCurrent()) return;
    const { turn } = this;
    try {
      (turn.held ?? turn.delivery)?.body(bytes);
    } catch (error) {
      turn.fail(error);
    }
  }

  end(trailers: HeaderPairs): void {
    if (!this.isCurrent()) return;
    const { turn } = this;
    try {
      (turn.held ?? turn.delivery)?.end(trailers);
    } catch (error) {
      turn.fail(error);
    }
  }

  fail(error: SigError): void {
    if (this.isCurrent()) this.turn.fail(error);
  }

  drain(): void {
    if (!this.isCurrent()) return;
    const { client, fail } = this.turn;
    try {
      if (!client.isRequestWhole) client.proceed();
    } catch (error) {
      fail(error);
    }
  }

  private isCurrent(): boolean {
    return !this.turn.isGone && this.turn.exchange === this.exchange;
  }

  private answer(message: ParsedResponse): void {
    const { turn, its } = this;
    if (message.interim) return this.passInterim(message);
    const again = its.mend(message, turn.canReplay());
    if (again) return void turn.resend(this.exchange, again).catch(turn.fail);
    if (message.status === 401 && its.injects) return void this.renew().catch(turn.fail);
    if (!turn.isReplay && message.framing.kind !== 'tunnel') {
      const { weighing } = its;
      if (weighing) return this.weigh(message, weighing);
    }
    this.show(message);
  }

  private passInterim(message: ParsedResponse): void {
    const { request, client } = this.turn;
    if (request.minor === 0 || (message.status === 100 && !request.expectsContinue)) return;
    const to = { minor: request.minor, keepAlive: true };
    client.write(writeResponseHead(message.status, message.reason, this.its.interim(message, to)));
  }

  /** After a 401: once with newer credentials; a person must log in otherwise. */
  private async renew(): Promise<void> {
    const { turn, its } = this;
    const wasReplayed = turn.isReplay;
    const isWhole = turn.canReplay();
    turn.isReplay = true;
    await turn.resend(this.exchange, async () => {
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

  /** Lets an answer speak against the login, before the client sees it. */
  private weigh(message: ParsedResponse, weighing: Weighing): void {
    const { turn, exchange } = this;
    const doubts = weighing.head(message);
    const { framing } = message;
    const { limitBytes, holdMs } = weighing;
    if (doubts !== 'body' && doubts.length === 0) return this.show(message);
    const isShort = framing.kind !== 'none' && (framing.kind !== 'length' || framing.length <= limitBytes);
    if (doubts === 'body' && !isShort) return this.show(message);
    // As the delivery would do: what is held goes through a redaction.
    if (framing.kind === 'chunked') exchange.unframe();
    if (doubts !== 'body') {
      turn.held = holdAnswer(limitBytes, holdMs, (body) => this.guard(() => body || exchange.pause()));
      return void this.settle(message, weighing, doubts).catch(turn.fail);
    }
    turn.held = holdAnswer(limitBytes, holdMs, (body) =>
      this.guard(() => {
        if (!body) return this.show(message);
        weighing.body(message, body).then((found) => this.settle(message, weighing, found)).catch(turn.fail);
      }));
  }

  private async settle(message: ParsedResponse, weighing: Weighing, doubts: readonly Doubt[]): Promise<void> {
    const { turn, exchange } = this;
    const again = doubts.length > 0 ? await weighing.settle(doubts) : undefined;
    if (!this.isCurrent()) return;
    if (!again || !turn.canReplay()) {
      this.show(message);
      return exchange.resume();
    }
    turn.isReplay = true;
    turn.held?.abort();
    turn.held = undefined;
    await turn.resend(exchange, again);
  }

  private guard(work: () => void): void {
    if (!this.isCurrent()) return;
    try {
      work();
    } catch (error) {
      this.turn.fail(error);
    }
  }

  private show(message: ParsedResponse): void {
    const { turn, its, exchange } = this;
    const { request, client } = turn;
    const to = { minor: request.minor, keepAlive: request.keepAlive && client.takesMore };
    const plan = its.answer(message, to);
    if (!(plan instanceof Promise)) return this.deliver(message, plan, to);
    exchange.pause();
    plan.then((made) => {
      if (!this.isCurrent()) return;
      this.deliver(message, made, to);
      exchange.resume();
    }).catch(turn.fail);
  }

  private deliver(message: ParsedResponse, plan: AnswerPlan, to: AnswerTo): void {
    const { turn, exchange } = this;
    if (message.framing.kind === 'tunnel') return this.switchProtocols(message, plan);
    const delivery = deliver({ client: turn.client, exchange, message, plan, to, onFail: turn.fail });
    turn.delivery = delivery;
    const waiting = turn.held;
    if (!waiting) return;
    turn.held = undefined;
    waiting.abort();
    waiting.release(delivery);
  }

  private switchProtocols(message: ParsedResponse, plan: AnswerPlan): void {
    const { turn } = this;
    const { client, options } = turn;
    client.write(writeResponseHead(message.status, plan.reason, plan.fields));
    const far = this.exchange.detach();
    turn.isGone = true;
    joinTunnel(client.detach(), far, options.deadline, options.times.tunnelMs, options.onClose, plan.frames);
  }
}
