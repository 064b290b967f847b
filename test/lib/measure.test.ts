import { expect, test } from 'vitest';
import { formatCosts, measureCalls, measurePrograms, median } from '../bench/_measure.ts';
import { needCommands } from '../_lib/command.ts';

test('median() is the middle, or the mean of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
});

test('measurePrograms() sees wall and processor time, and refuses a program that fails', async ({ skip }) => {
  const [sleep, sh] = needCommands(skip, 'sleep', 'sh', 'bash');
  const [idle, busy] = await measurePrograms([
    { name: 'idle', command: [sleep!, '0.2'] },
    { name: 'busy', command: [sh!, '-c', 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'] },
  ], 1);
  expect(idle!.wallMs).toBeGreaterThanOrEqual(200);
  expect(idle!.cpuMs).toBeLessThan(100);
  expect(busy!.cpuMs).toBeGreaterThan(idle!.cpuMs);
  await expect(measurePrograms([{ name: 'broken', command: [sh!, '-c', 'exit 3'] }], 1)).rejects.toThrow('status 3');
});

test('measureCalls() gives the cost of one call', async () => {
  const [once, tenTimes] = await measureCalls(
    [
      { name: 'once', call: () => JSON.stringify(Array(100).fill('x')) },
      { name: 'ten times', call: () => Array(10).fill(0).map(() => JSON.stringify(Array(100).fill('x'))) },
    ],
    5,
    10,
  );
  expect(tenTimes!.wallMs).toBeGreaterThan(once!.wallMs * 3);
});

test('formatCosts() lines up columns and takes ratios to the first row', () => {
  const table = formatCosts('what', [{ name: 'a', wallMs: 10, cpuMs: 0.5 }, { name: 'bb', wallMs: 25, cpuMs: 0 }]);
  expect(table.split('\n')).toEqual([
    'what  wall ms   CPU ms  x wall  x CPU',
    'a          10     0.50    1.00   1.00',
    'bb         25  0.00000    2.50      -',
  ]);
});
