// What the test of the bundle runs: a browser that does not start, named by the first argument.
import process from 'node:process';
import { launchBrowser } from '../../cli/platform/browser/launch.ts';
import { isSigError } from '../../src/errors.ts';

const [program, folder] = process.argv.slice(2);
try {
  await launchBrowser({ program: program!, folder: folder!, mode: 'headless' });
} catch (error) {
  process.stdout.write(`${isSigError(error) ? error.code : String(error)}\n`);
}
