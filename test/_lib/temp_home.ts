import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { onTestFinished } from 'vitest';

/** A new empty folder, mode 0700, that goes when the test ends. In memory where the system offers that. */
export function makeTempFolder(kind: 'memory' | 'disk' = 'memory'): string {
  const parent = kind === 'memory' && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(`${parent}/sig-`);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
