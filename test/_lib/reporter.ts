/**
 * What vitest tells test/run.ts: one JSON file with the counts, the failures and why tests were
 * skipped, and a dot of progress for each file on the way.
 *
 * @module
 */

import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import process from 'node:process';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { ROOT } from './sig.ts';

/** The file's content. */
export interface SuiteReport {
  passed: number;
  failed: number;
  /** Each test that did not run, and why; the reason is empty when nobody gave one. */
  skipped: { test: string; reason: string }[];
  failures: { test: string; error: string }[];
  slowest: { test: string; durationMs: number }[];
}

/** Writes the report to the path in `SIG_TEST_REPORT`. */
export class SuiteReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    process.stdout.write(module.ok() ? '.' : 'F');
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly { stack?: string; message: string }[]): void {
    const report: SuiteReport = { passed: 0, failed: 0, skipped: [], failures: [], slowest: [] };
    for (const module of modules) {
      const file = relative(ROOT, module.moduleId);
      for (const error of module.errors()) fail(report, file, error);
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) fail(report, `${file} > ${suite.fullName}`, error);
      }
      for (const test of module.children.allTests()) add(report, file, test);
    }
    for (const error of errors) fail(report, 'outside of any test', error);
    report.slowest.sort((a, b) => b.durationMs - a.durationMs).splice(5);
    const path = process.env.SIG_TEST_REPORT;
    if (path) writeFileSync(path, JSON.stringify(report));
  }
}

function add(report: SuiteReport, file: string, test: TestCase): void {
  const name = `${file} > ${test.fullName}`;
  const result = test.result();
  report.slowest.push({ test: name, durationMs: Math.round(test.diagnostic()?.duration ?? 0) });
  if (result.state === 'passed') report.passed++;
  else if (result.state === 'failed') fail(report, name, result.errors[0] ?? { message: 'it failed' });
  else if (result.state === 'skipped') {
    // A title may carry the reason, where it is known before the test runs.
    const reason = result.note ?? /\(skipped: ([^)]*)\)/.exec(test.name)?.[1] ?? '';
    report.skipped.push({ test: name, reason });
  } else fail(report, name, { message: 'it never ran to its end' });
}

function fail(report: SuiteReport, test: string, error: { stack?: string; message: string; diff?: string }): void {
  report.failed++;
  report.failures.push({ test, error: [error.stack ?? error.message, error.diff].filter(Boolean).join('\n') });
}

export default SuiteReporter;
