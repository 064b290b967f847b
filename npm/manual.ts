// Writes the manual page to dist/man/sig.1: `npm run man`.
import { mkdir, writeFile } from 'node:fs/promises';
import { COMMANDS, GLOBAL_OPTIONS } from '../cli/command/table.ts';
import { VERSION } from '../cli/platform/version.ts';
import { root } from './bundles.js';
import { formatManual } from './format_manual.ts';

await mkdir(`${root}/dist/man`, { recursive: true });
await writeFile(`${root}/dist/man/sig.1`, formatManual(VERSION, COMMANDS, GLOBAL_OPTIONS));
