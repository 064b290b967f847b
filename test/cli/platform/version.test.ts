import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { VERSION } from '../../../cli/platform/version.ts';

test.each(['deno.json', 'package.json'])('VERSION is that of %s', async (file) => {
  const text = await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8');
  expect(JSON.parse(text).version).toBe(VERSION);
});
