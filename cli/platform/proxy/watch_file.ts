import { statSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

/**
 * Calls back when a file has changed, appeared or gone since this was called; looks twice a second, which sees a
 * replaced file as well as a written one, on every file system.
 *
 * @returns ends the watch
 */
export function watchForChange(path: string, onChange: () => void, intervalMs = 500): () => void {
  // Looked at here and now: fs.watchFile takes its first look a moment later, and what changed until then for the old.
  let seen = stateOf(path);
  const timer = setInterval(() => {
    const now = stateOf(path);
    if (now === seen) return;
    seen = now;
    onChange();
  }, intervalMs).unref();
  return () => clearInterval(timer);
}

function stateOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return ''; // Not there, or not to be looked at.
  }
}
