/** Runs a program as `sig run` does: `terminal_worker platform program …`. What is noted goes to stdout. */
import process from 'node:process';
import { runChild } from '../../cli/platform/run_child.ts';
import { createMatcher } from '../../src/redact/matcher.ts';
import { createNeedles } from '../../src/redact/needles.ts';
import { Secret } from '../../src/secret.ts';

const [platform, file, ...args] = process.argv.slice(2);
const secret = { provider: 'api', kind: 'value', value: new Secret('the-secret-of-the-test') } as const;
const matcher = createMatcher(createNeedles([secret]));
const onNote = (text: string) => void process.stdout.write(`note: ${text}\n`);
const options = { command: [file!, ...args] as const, env: {}, onNote };
process.exitCode = await runChild(options, () => matcher.begin(), platform);
