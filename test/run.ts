/**
 * Everything that must hold, in one command: `npm test`. Each step shows its output when it fails;
 * the last line is the sum. `npm test -- node` runs the steps whose names are given,
 * `npm test -- node src/vault` only those test files.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { SuiteReport } from './_lib/reporter.ts';

interface Step {
  readonly name: string;
  readonly title: string;
  readonly command: readonly [file: string, ...args: string[]];
  /** Whether it runs tests and reports them. */
  readonly isSuite?: boolean;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
// Only what hangs takes this long.
const STEP_TIMEOUT_MS = 20 * 60_000;
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);
const VITEST = ['run', '--config', 'test/vitest.config.ts', '--reporter=./test/_lib/reporter.ts'];

const STEPS: readonly Step[] = [
  { name: 'build', title: 'build', command: ['node', 'npm/build.js'] },
  { name: 'core', title: 'types of the core, web alone', command: [bin('tsc'), '-p', 'npm/tsconfig.core.json'] },
  { name: 'types', title: 'types of everything', command: [bin('tsc'), '-p', 'npm/tsconfig.json'] },
  { name: 'check', title: 'types as Deno sees them', command: [bin('deno'), 'check', '--quiet', 'src', 'cli'] },
  { name: 'fmt', title: 'format', command: [bin('deno'), 'fmt', '--check', '--quiet'] },
  { name: 'lint', title: 'lint', command: [bin('deno'), 'lint', '--quiet'] },
  { name: 'demo', title: 'the demo', command: [bin('tsx'), 'test/example/demo.ts'] },
  {
    name: 'node',
    title: `tests on Node ${process.versions.node}`,
    command: [bin('vitest'), ...VITEST],
    isSuite: true,
  },
  {
    name: 'deno',
    title: 'tests on Deno',
    // The laws of the source are the same on every runtime, and the portable cases start Deno themselves.
    command: [
      bin('deno'),
      'run',
      '-A',
      'npm:vitest',
      ...VITEST,
      '--exclude=test/rule/**',
      '--exclude=test/runtime/**',
    ],
    isSuite: true,
  },
];

// Without these a signal would end this program and leave the step running.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const total: SuiteReport = { passed: 0, failed: 0, skipped: [], failures: [], slowest: [] };
const folder = await mkdtemp(join(tmpdir(), 'sig-tests-'));
try {
  const names = process.argv.slice(2).filter((word) => STEPS.some((step) => step.name === word));
  const filters = process.argv.slice(2).filter((word) => !names.includes(word));
  const steps = STEPS.filter((step) => names.length === 0 || names.includes(step.name));
  for (const [at, step] of steps.entries()) await runStep(step, `[${at + 1}/${steps.length}] ${step.title}`, filters);
} finally {
  await rm(folder, { recursive: true, force: true });
}
printSummary();
process.exitCode = total.failed === 0 ? 0 : 1;

async function runStep(step: Step, title: string, filters: readonly string[]): Promise<void> {
  const startMs = performance.now();
  process.stdout.write(`${title} … `);
  const reportPath = join(folder, `${step.name}.json`);
  const { code, output } = await run(
    [...step.command, ...(step.isSuite ? filters : [])],
    reportPath,
    step.isSuite === true,
  );
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  if (!step.isSuite) {
    if (code === 0) total.passed++;
    else total.failed++;
    process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n${code === 0 ? '' : `${output}\n`}`);
    return;
  }
  const report = await readReport(reportPath);
  if (!report) {
    total.failed++;
    process.stdout.write(` FAILED (${seconds} s): the tests did not run\n${output}\n`);
    return;
  }
  // A test that does not run, and does not say why, is one that nobody would miss.
  for (const { test, reason } of report.skipped) {
    if (reason !== '') continue;
    report.failed++;
    report.failures.push({ test, error: 'skipped without a reason' });
  }
  if (report.failed === 0 && code !== 0) {
    report.failed++;
    report.failures.push({ test: step.title, error: `vitest ended with status ${code}\n${output}` });
  }
  total.passed += report.passed;
  total.failed += report.failed;
  total.skipped.push(...report.skipped.map(({ test, reason }) => ({ test: `${step.name}: ${test}`, reason })));
  process.stdout.write(
    ` ${report.passed} passed, ${report.failed} failed, ${report.skipped.length} skipped (${seconds} s)\n`,
  );
  const slowest = report.slowest.slice(0, 3).map(({ test, durationMs }) =>
    `${(durationMs / 1000).toFixed(1)} s ${test}`
  );
  process.stdout.write(`      slowest: ${slowest.join('; ')}\n`);
  for (const { test, error } of report.failures) process.stdout.write(`\nFAILED ${test}\n${error}\n`);
}

/** Runs a program; its output is kept for the case that it fails, and shown at once when it is progress. */
function run(
  [file, ...args]: readonly string[],
  reportPath: string,
  showsProgress: boolean,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file!, args, {
      cwd: ROOT,
      env: { ...environment(), SIG_TEST_REPORT: reportPath },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that its workers end with it.
      detached: true,
    });
    const end = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    };
    process.once('exit', end);
    let output = '';
    const timer = setTimeout(() => {
      output += `\nEnded after ${STEP_TIMEOUT_MS / 60_000} minutes`;
      end();
    }, STEP_TIMEOUT_MS);
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (showsProgress && /^[.F]+$/.test(String(chunk))) process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk) => output += chunk);
    child.on('error', (error) => output += error.message);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.off('exit', end);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Ours, without what a developer's own sig or proxy would add to the tests. */
function environment(): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('SIG_'));
  return {
    ...Object.fromEntries(own),
    NO_COLOR: '1',
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
  };
}

async function readReport(path: string): Promise<SuiteReport | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as SuiteReport;
  } catch {
    // The step ended before it could write one.
    return undefined;
  }
}

function printSummary(): void {
  const reasons = new Map<string, string[]>();
  for (const { test, reason } of total.skipped) reasons.set(reason, [...reasons.get(reason) ?? [], test]);
  if (reasons.size > 0) process.stdout.write('\nSkipped:\n');
  for (const [reason, tests] of reasons) {
    process.stdout.write(
      `  ${reason || 'no reason given'}: ${tests.length} (${tests[0]}${tests.length > 1 ? ', …' : ''})\n`,
    );
  }
  const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : '';
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
}
