#!/usr/bin/env node
// The bin `agent-id`: `sig agent-id` without the prefix.
import process from 'node:process';

void import('./program.ts').then(async ({ runProgram }) => {
  process.exitCode = await runProgram(['agent-id', ...process.argv.slice(2)]);
});
