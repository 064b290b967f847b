/**
 * A program that opens a browser and holds it, for tests that end it in every way. Takes the home.
 *
 * @module
 */

import process from 'node:process';
import { createBrowser } from '../../cli/platform/browser/browser.ts';

const [home = '', manner = 'wait'] = process.argv.slice(2);
const browser = createBrowser({ home, platform: process.platform, env: (name) => process.env[name] });
const session = await browser.open({ profile: 'held', mode: 'headless' });
console.log('open');
if (manner === 'exit') process.exit(3);
if (manner === 'throw') throw new Error('on purpose');
if (manner === 'close') await session.close();
