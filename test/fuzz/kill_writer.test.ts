import { afterEach, expect, test } from 'vitest';
import { endChildren } from '../_lib/run_child.ts';
import { makeTempFolder } from '../_lib/temp_home.ts';
import { killWriters } from './kill_writer.ts';

afterEach(endChildren);

test('S11: after each of 500 kills the old or new value is there, and the next write succeeds at once', async () => {
  const report = await killWriters(500, makeTempFolder());
  expect(report.kills).toBe(500);
  expect(report.longestWriteMs).toBeLessThan(5000);
  // Otherwise the kills all missed the moments that matter.
  expect(report.storedUnsaid).toBeGreaterThan(0);
  expect(report.leftTemporary).toBeGreaterThan(0);
}, 300_000);
