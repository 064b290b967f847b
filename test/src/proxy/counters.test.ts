import { expect, test } from 'vitest';
import { countProblem, createCounters, renderMetrics } from '../../../src/proxy/counters.ts';

const IDLE = { clients: 0, upstream: { open: 0, free: 0 } };

test('renderMetrics() writes each counter and gauge, with its help and type', () => {
  const counters = createCounters();
  counters.claimed = 3;
  counters.redactions = 2;
  countProblem(counters, 'E_UPSTREAM');
  countProblem(counters, 'E_NOT_ALLOWED');
  countProblem(counters, 'E_UPSTREAM');
  const text = renderMetrics(counters, { clients: 4, upstream: { open: 5, free: 2 } });
  const lines = text.split('\n');
  expect(lines).toEqual(expect.arrayContaining([
    '# TYPE sig_requests_total counter',
    'sig_requests_total{decision="inject"} 3',
    'sig_requests_total{decision="pass"} 0',
    'sig_problems_total{code="E_NOT_ALLOWED"} 1',
    'sig_problems_total{code="E_UPSTREAM"} 2',
    'sig_redactions_total 2',
    'sig_client_connections 4',
    'sig_upstream_connections{state="busy"} 3',
    'sig_upstream_connections{state="free"} 2',
  ]));
});

test('renderMetrics() keeps to the text format of Prometheus', () => {
  const text = renderMetrics(createCounters(), IDLE);
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.slice(0, -1).split('\n')) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) sig_[a-z_]+ .+|sig_[a-z_]+(?:\{[a-z]+="\w+"(?:,[a-z]+="\w+")*\})? \d+)$/);
  }
});
