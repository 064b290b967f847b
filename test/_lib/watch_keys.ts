/**
 * A program that tells which keys are pressed until `q`, for tests of the terminal.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { watchKeys } from '../../cli/platform/keys.ts';

const stop = watchKeys((key) => {
  console.log(`key ${JSON.stringify(key)}`);
  if (key !== 'q') return;
  stop();
  stop();
  const settings = execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' });
  console.log(/ icanon/.test(settings) ? 'cooked' : 'raw');
  process.exit(0);
});
console.log('ready');
