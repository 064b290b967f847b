// npm run bench:redact: what redaction costs, beside simpler ways that find less, in one run per
// runtime. Ratios are to ours. Name runtimes to run only those: -- node bun
import process from 'node:process';
import { runOnEach } from './_runtimes.ts';
import type { Result } from './redact_cases.ts';

for await (const [runtime, printed] of runOnEach('test/bench/redact_cases.ts', process.argv.slice(2))) {
  const results = printed as Result[];
  for (const title of new Set(results.map(titleOf))) {
    const rows = results.filter((result) => titleOf(result) === title);
    console.log(`\n${`${runtime}, ${title}`.padEnd(48)}   us/KiB   ratio     MB/s   ratio`);
    for (const { way, usPerKb, mbPerSec } of rows) {
      const cells = [usPerKb, usPerKb / rows[0]!.usPerKb].map((value) => value.toFixed(2));
      cells.push(mbPerSec.toFixed(0), (mbPerSec / rows[0]!.mbPerSec).toFixed(2));
      console.log(`  ${way.padEnd(46)}${cells.map((cell) => cell.padStart(8)).join(' ')}`);
    }
  }
}

function titleOf({ secrets, text }: Result): string {
  return `${secrets} ${secrets === 1 ? 'secret' : 'secrets'}, ${text}`;
}
