import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../../cli/version.ts';
import { ROOT } from '../_lib/sig.ts';

test('VERSION is the version in deno.json', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync(join(ROOT, 'deno.json'), 'utf8')).version);
});
