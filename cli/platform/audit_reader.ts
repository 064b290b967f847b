import { closeSync, fstatSync, mkdirSync, openSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { readLinesBetween } from './line_file.ts';

/**
 * The whole lines of open files, one file after the other, each up to the size it had. The files
 * are closed at the end, and when whoever reads stops early.
 */
export async function* readFiles(
  files: readonly { readonly fd: number; readonly size: number }[],
): AsyncGenerator<string, void> {
  try {
    for (const { fd, size } of files) {
      for (const [line] of readLinesBetween(fd, 0, size)) yield line;
    }
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}

/**
 * Whole lines as they are appended to a file that may be replaced by a new one of its name.
 *
 * @param folder watched; when it is not there, nothing ever comes
 */
export async function* followFile(folder: string, name: string, signal: AbortSignal): AsyncGenerator<string, void> {
  if (signal.aborted) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = new FollowedFile(join(folder, name));
  let wake = () => {};
  const stop = () => wake();
  const watcher = watch(folder, stop);
  watcher.on('error', stop);
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => wake = resolve);
      const lines = file.readNew();
      yield* lines;
      if (lines.length === 0 && !signal.aborted) await changed;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    watcher.close();
    file.close();
  }
}

/** A file that is read as it grows, an old one to its end before the new one of its name. */
class FollowedFile {
  readonly #path: string;
  #fd: number | undefined;
  #at = 0;

  constructor(path: string) {
    this.#path = path;
    this.#fd = openIfThere(path);
    if (this.#fd !== undefined) this.#at = fstatSync(this.#fd).size;
  }

  readNew(): string[] {
    const lines: string[] = [];
    for (;;) {
      this.#fd ??= openIfThere(this.#path);
      if (this.#fd === undefined) return lines;
      const { ino, size } = fstatSync(this.#fd);
      for (const [line, bytes] of readLinesBetween(this.#fd, this.#at, size)) {
        this.#at += bytes;
        lines.push(line);
      }
      if (statSync(this.#path, { throwIfNoEntry: false })?.ino === ino) return lines;
      this.close();
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#at = 0;
  }
}

/** Between a rotation and the next record there is no file. */
function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}
