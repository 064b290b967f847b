// npm run bench:sign: proofs and verifications per second, ours beside the platform's bare operation
// and two other libraries, in one run per runtime. Name runtimes to run only those: -- node bun
import process from 'node:process';
import { runOnEach } from './_runtimes.ts';
import type { Rate } from './sign_cases.ts';

for await (const [name, printed] of runOnEach('test/bench/sign_cases.ts', process.argv.slice(2))) {
  const results = printed as Record<string, Record<'sign' | 'verify', Rate[]>>;
  for (const [kind, groups] of Object.entries(results)) {
    for (const [group, rates] of Object.entries(groups)) print(`${name}, ${kind}, ${group}`, rates);
  }
}

function print(title: string, rates: readonly Rate[]): void {
  console.log(`\n${title.padEnd(34)}${'per s'.padStart(9)}${'ratio'.padStart(8)}`);
  for (const { name, perSec, ratio } of rates) {
    console.log(`  ${name.padEnd(32)}${String(perSec).padStart(9)}${ratio.toFixed(2).padStart(8)}`);
  }
}
