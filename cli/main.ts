#!/usr/bin/env node
// The bin `sig`. What it says about itself needs nothing else to be loaded.
import process from 'node:process';
import { VERSION } from './platform/version.ts';

const argv = process.argv.slice(2);
if (argv[0] === '--version') {
  // A reader that has gone away is no failure (sig --version | true).
  process.stdout.on('error', () => {});
  process.stdout.write(`sig ${VERSION}\n`);
} else void import('./program.ts').then(async ({ runProgram }) => process.exitCode = await runProgram(argv));
