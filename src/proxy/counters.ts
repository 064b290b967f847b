import type { SigErrorCode } from '../errors.ts';

/** What a proxy counts. Plain numbers, which whoever does the thing increments: no host, path or secret is kept. */
export interface Counters {
  /** CONNECTs whose bytes pass untouched. */
  tunnels: number;
  /** CONNECTs whose TLS ends here. */
  intercepts: number;
  /** Requests that are to carry a login. */
  claimed: number;
  /** Requests that nobody claims, and that pass as they are. */
  passed: number;
  /** Requests sent with a login, those sent again included. */
  injections: number;
  /** Marks that stand for a secret in answers. */
  redactions: number;
  /** Logins that were to be renewed. */
  renewals: number;
  /** Answers that the proxy gave by itself. */
  readonly problems: Map<SigErrorCode, number>;
}

/** What is there at this moment. */
export interface Gauges {
  /** Connections of clients. */
  readonly clients: number;
  /** Connections to servers; the free ones are among the open. */
  readonly upstream: { readonly open: number; readonly free: number };
}

/** Makes counters, all at 0. */
export function createCounters(): Counters {
  return {
    tunnels: 0,
    intercepts: 0,
    claimed: 0,
    passed: 0,
    injections: 0,
    redactions: 0,
    renewals: 0,
    problems: new Map(),
  };
}

/** Counts an answer that the proxy gave by itself. */
export function countProblem({ problems }: Counters, code: SigErrorCode): void {
  problems.set(code, (problems.get(code) ?? 0) + 1);
}

/** Writes counters in the text format of Prometheus, version 0.0.4. */
export function renderMetrics(counters: Counters, { clients, upstream }: Gauges): string {
  const problems = [...counters.problems].sort(([a], [b]) => a < b ? -1 : 1);
  return [
    metric('sig_connects_total', 'counter', 'CONNECTs by decision.', [
      [{ decision: 'intercept' }, counters.intercepts],
      [{ decision: 'tunnel' }, counters.tunnels],
    ]),
    metric('sig_requests_total', 'counter', 'Requests by decision; refused ones are among the problems.', [
      [{ decision: 'inject' }, counters.claimed],
      [{ decision: 'pass' }, counters.passed],
    ]),
    metric('sig_problems_total', 'counter', 'Answers that the proxy gave by itself, by code.', [
      ...problems.map(([code, count]) => [{ code }, count] as const),
    ]),
    metric('sig_injections_total', 'counter', 'Requests sent with a login, replays included.', [
      [{}, counters.injections],
    ]),
    metric('sig_redactions_total', 'counter', 'Secrets taken out of answers.', [[{}, counters.redactions]]),
    metric('sig_renewals_total', 'counter', 'Logins that were to be renewed.', [[{}, counters.renewals]]),
    metric('sig_client_connections', 'gauge', 'Open connections of clients.', [[{}, clients]]),
    metric('sig_upstream_connections', 'gauge', 'Connections to servers.', [
      [{ state: 'busy' }, upstream.open - upstream.free],
      [{ state: 'free' }, upstream.free],
    ]),
  ].join('');
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

function metric(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
