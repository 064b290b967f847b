import { mergePlacements, type Placement, renderPlacements } from '../apply/placement.ts';
import { placeInBody, placeInHead } from '../apply/place.ts';
import { describeRequest } from '../audit/describe.ts';
import type { Credential } from '../credential/credential.ts';
import type { Credentials } from '../credential/credentials.ts';
import { valueFor } from '../credential/value_for.ts';
import { SigError } from '../errors.ts';
import { readAll } from '../encoding/read_all.ts';
import type { AuditSink, Body, Clock, Send, SendOptions, WireResponse } from '../ports.ts';
import type { ProviderSet } from '../provider/find.ts';
import type { Provider } from '../provider/provider.ts';
import { type Environment, sendOptionsOf } from '../provider/settings.ts';
import { type HeaderPairs, pathnameOf, type RequestHead } from '../target/head.ts';
import { chooseProviders } from './choose.ts';
import { fetchThrough } from './fetch.ts';
import { createFreshness } from './fresh.ts';
import { followRedirects } from './redirect.ts';
import { keepCookies } from './roll.ts';
import type { Exchange, RequestOptions, Sig } from './sig.ts';

/** What {@link createSig} is made of. */
export interface SigOptions {
  readonly providers: ProviderSet;
  readonly credentials: Credentials;
  readonly send: Send;
  /** Obtains a new credential without a person, or throws; see `createRenewal`. */
  readonly renew: (provider: Provider, old: Credential | undefined) => Promise<Credential>;
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** Environment variables that config.yaml names. Default: none. */
  readonly env?: Environment;
}

/** Largest body that is held to put a field into it, in bytes. */
const BODY_RULE_LIMIT = 8 * 1024 * 1024;

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
  const env: Environment = options.env ?? (() => undefined);
  const freshness = createFreshness(options);

  async function sendOnce(head: RequestHead, body: Body | null, request: RequestOptions): Promise<Exchange> {
    const providers = chooseProviders(options.providers, head, request.providers);
    const held = await holdForRules(providers, head, body);
    let credentials = await Promise.all(providers.map((provider) => freshness.current(provider)));
    let response = await inject(head, held, providers, credentials, request);
    if (response.status === 401 && isReplayable(held)) {
      const renewed = await renewRefused(providers, credentials);
      if (renewed !== undefined) {
        await discard(response);
        credentials = renewed;
        response = await inject(head, held, providers, credentials, request);
      }
    }
    return { response, head, providers: providers.map((provider) => provider.id) };
  }

  async function inject(
    head: RequestHead,
    body: Body | null,
    providers: readonly Provider[],
    credentials: readonly Credential[],
    request: RequestOptions,
  ): Promise<WireResponse> {
    const nowSec = Math.floor(options.clock.now() / 1000);
    const placements = mergePlacements(
      providers.flatMap((provider, i) =>
        renderPlacements(provider, (key, rule) => valueFor(credentials[i]!, provider.extract, key, rule, head, nowSec))
      ),
    );
    const sent = placeInHead(head, placements);
    const placed = await placeBody(sent, body, placements);
    const facts = auditFacts(head, providers, placements);
    // Written before the request leaves: what cannot be recorded is not injected.
    await options.audit.write({ event: 'inject', ...facts });
    const sendOptions = { ...mergeSendOptions(providers, head, env), timeoutMs: request.timeoutMs };
    const response = await options.send(placed.head, placed.body, sendOptions);
    await options.audit.write({ event: 'answer', ...facts, status: response.status });
    for (const [i, provider] of providers.entries()) {
      await keepCookies(provider, credentials[i]!, head, response, nowSec, options);
    }
    return response;
  }

  /** New credentials after a 401, or `undefined` when the same ones are all there is. */
  async function renewRefused(
    providers: readonly Provider[],
    refused: readonly Credential[],
  ): Promise<Credential[] | undefined> {
    try {
      return await Promise.all(providers.map((provider, i) => freshness.after(provider, refused[i]!)));
    } catch (error) {
      // The 401 itself is the better answer; whoever reads it learns that a person must log in.
      if (error instanceof SigError && error.code === 'E_LOGIN_REQUIRED') return undefined;
      throw error;
    }
  }

  const request: Sig['request'] = async (head, body, requestOptions = {}) => {
    const first = await sendOnce(head, body, requestOptions);
    if (requestOptions.follow !== true) return first;
    return await followRedirects(first, body, {
      sendOnce: (next, nextBody) => sendOnce(next, nextBody, { ...requestOptions, providers: undefined }),
      sendBare: async (next, nextBody) => ({
        response: await options.send(next, nextBody, { timeoutMs: requestOptions.timeoutMs }),
        head: next,
        providers: [],
      }),
      isClaimed: (next) => options.providers.match(next.target, next.method, pathnameOf(next)).kind !== 'none',
    });
  };
  return { request, fetch: (input, fetchOptions) => fetchThrough(request, input, fetchOptions) };
}

/** Where every provider of a request must agree: one connection carries it. */
function mergeSendOptions(providers: readonly Provider[], head: RequestHead, env: Environment): SendOptions {
  const [first, ...others] = providers.map((provider) => ({
    provider,
    options: sendOptionsOf(provider, head.target, env),
  }));
  for (const other of others) {
    for (const key of ['networkProxy', 'caFile'] as const) {
      if (other.options[key] !== first!.options[key]) {
        throw new SigError(
          'E_CONFLICT',
          `Providers "${first!.provider.id}" and "${other.provider.id}" have different "${key}"`,
          {
            hint: 'one request takes one way: give both the same, or name one provider',
          },
        );
      }
    }
  }
  const allowPrivate = [first!, ...others].every((each) => each.options.allowPrivate);
  return { ...first!.options, allowPrivate };
}

async function holdForRules(
  providers: readonly Provider[],
  head: RequestHead,
  body: Body | null,
): Promise<Body | null> {
  const isNeeded = providers.some((provider) => provider.apply.some((rule) => rule.in === 'body'));
  if (!isNeeded || body === null || Array.isArray(body)) return body;
  const bytes = await readAll(body, BODY_RULE_LIMIT);
  if (bytes !== undefined) return [bytes];
  throw new SigError(
    'E_BODY',
    `Cannot put a field into the body of ${head.method} ${pathnameOf(head)}: it is larger than 8 MiB`,
  );
}

async function placeBody(
  head: RequestHead,
  body: Body | null,
  placements: readonly Placement[],
): Promise<{ head: RequestHead; body: Body | null }> {
  if (!placements.some((placement) => placement.in === 'body')) return { head, body };
  const contentType = head.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const bytes = await readAll(body ?? [], BODY_RULE_LIMIT);
  const placed = placeInBody(bytes!, contentType, placements);
  return { head: { ...head, headers: setLength(head.headers, placed.length) }, body: [placed] };
}

function setLength(headers: HeaderPairs, length: number): HeaderPairs {
  const others = headers.filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name));
  return [...others, ['Content-Length', String(length)]];
}

function isReplayable(body: Body | null): boolean {
  return body === null || Array.isArray(body);
}

/** Ends a response that nobody reads. */
async function discard(response: WireResponse): Promise<void> {
  await response.body[Symbol.asyncIterator]().return?.();
}

function auditFacts(head: RequestHead, providers: readonly Provider[], placements: readonly Placement[]) {
  return {
    provider: providers.map((provider) => provider.id).join(','),
    ...describeRequest(head),
    placed: placements.map((placement) => `${placement.in} ${placement.name}`),
  };
}
