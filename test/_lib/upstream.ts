import { onTestFinished } from 'vitest';
import type { Exchange, UpstreamRequest } from '../../cli/platform/upstream/exchange.ts';
import type { Route } from '../../cli/platform/upstream/route.ts';
import type { UpstreamOptions } from '../../cli/platform/upstream/options.ts';
import { createUpstream, type Upstream } from '../../cli/platform/upstream/upstream.ts';
import type { SigError } from '../../src/errors.ts';
import type { ParsedResponse } from '../../src/http1/message.ts';
import type { HeaderPairs } from '../../src/target/head.ts';
import { parseUrl, type Target } from '../../src/target/target.ts';
import { fromLatin1 } from './http1.ts';

/** An upstream whose free connections are closed when the test ends. */
export function useUpstream(options: Partial<UpstreamOptions> = {}): Upstream {
  const upstream = createUpstream({ env: () => undefined, ...options });
  onTestFinished(() => upstream.close());
  return upstream;
}

/** The target of a URL. */
export function targetOf(url: string): Target {
  return parseUrl(url).target;
}

/** What came of an exchange. */
export interface Outcome {
  readonly heads: ParsedResponse[];
  readonly body: string;
  readonly trailers: HeaderPairs;
  readonly error: SigError | undefined;
}

/** Sends a request and collects everything. The error is part of the outcome. */
export function exchange(
  upstream: Upstream,
  route: Route,
  request: Partial<UpstreamRequest> = {},
  act: (exchange: Exchange) => void = () => {},
): Promise<Outcome> {
  const heads: ParsedResponse[] = [];
  let body = '';
  return new Promise((resolve) => {
    const done = (trailers: HeaderPairs, error?: SigError) => resolve({ heads, body, trailers, error });
    const started = upstream.start(
      route,
      { method: 'GET', path: '/', fields: [['Host', route.target.host]], hasBody: false, ...request },
      {
        head(message) {
          heads.push(message);
          started.unframe();
        },
        body: (bytes) => body += fromLatin1(bytes),
        end: (trailers) => done(trailers),
        fail: (error) => done([], error),
        drain: () => {},
      },
    );
    act(started);
  });
}
