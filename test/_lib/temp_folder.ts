/**
 * Folders that a test, the demo or a benchmark fills and throws away.
 *
 * @module
 */

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own. */
export interface TempFolder {
  readonly path: string;
  /** Removes it with everything in it. */
  readonly remove: () => Promise<void>;
}

/** Makes an empty folder, 0700. */
export async function makeTempFolder(prefix = 'sig-test-'): Promise<TempFolder> {
  // Resolved, because the temporary folder of macOS is itself behind a symbolic link.
  const path = await mkdtemp(join(await realpath(tmpdir()), prefix));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
