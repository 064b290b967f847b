// The program that test/runtime/portable.test.ts bundles and runs: cases first, then proof that
// nothing was permitted while they ran.
import { CASES, runCases } from './portable_cases.ts';

const failures = await runCases();
const { permissions } =
  (globalThis as { Deno?: { permissions: { query(what: { name: string }): Promise<{ state: string }> } } })
    .Deno ?? {};
const granted: string[] = [];
for (const name of permissions ? ['read', 'write', 'net', 'env', 'run', 'sys', 'ffi'] : []) {
  if ((await permissions!.query({ name })).state === 'granted') granted.push(name);
}
console.log(JSON.stringify({ ran: Object.keys(CASES).length, failures, granted }));
