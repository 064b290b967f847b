import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchForChange } from '../../../../cli/platform/proxy/watch_file.ts';
import { useFolder } from '../../../_lib/lab.ts';

test('C8: watchForChange() sees a file that is replaced', async () => {
  const folder = await useFolder();
  const path = join(folder, 'config.yaml');
  await writeFile(path, 'a');
  const onChange = vi.fn();
  onTestFinished(watchForChange(path, onChange, 20));
  await writeFile(`${path}.new`, 'bc');
  await rename(`${path}.new`, path);
  await expect.poll(() => onChange.mock.calls.length, { timeout: 10_000 }).toBeGreaterThan(0);
});
