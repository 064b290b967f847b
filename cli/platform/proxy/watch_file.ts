import { unwatchFile, watchFile } from 'node:fs';

/**
 * Calls back when a file has changed, appeared or gone; looks twice a second, which sees a replaced file
 * as well as a written one, on every file system.
 *
 * @returns ends the watch
 */
export function watchForChange(path: string, onChange: () => void, intervalMs = 500): () => void {
  const listener = () => onChange();
  watchFile(path, { interval: intervalMs, persistent: false }, listener);
  return () => unwatchFile(path, listener);
}
