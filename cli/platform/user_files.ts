import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import process from 'node:process';
import { SigError } from '../../src/errors.ts';
import type { UserFiles } from '../command/command.ts';

/** Files that a person names on the command line; `-` is stdin. */
export function createUserFiles(onInterrupt: (cleanup: () => Promise<void>) => () => void): UserFiles {
  return {
    async *read(path) {
      try {
        yield* path === '-' ? process.stdin : createReadStream(path);
      } catch (cause) {
        throw new SigError('E_USAGE', `Cannot read ${JSON.stringify(path)}: ${codeOf(cause)}`, { cause });
      }
    },
    exists: (path) => Promise.resolve(existsSync(path)),
    list(path) {
      try {
        return Promise.resolve(readdirSync(path).sort());
      } catch {
        return Promise.resolve([]);
      }
    },
    async write(path, body) {
      // Beside the file, so that the rename stays on one file system and a broken transfer leaves no half file.
      const part = `${path}.${randomBytes(4).toString('hex')}.part`;
      const remove = () => rmSync(part, { force: true });
      const settled = onInterrupt(() => Promise.resolve(remove()));
      // Loaded here: hardly any command writes a file that a person names.
      const [{ Readable }, { pipeline }] = await Promise.all([import('node:stream'), import('node:stream/promises')]);
      try {
        await pipeline(
          Readable.from(body, { objectMode: false }),
          createWriteStream(part, { flags: 'wx', mode: 0o600 }),
        );
        renameSync(part, path);
      } catch (cause) {
        remove();
        if (cause instanceof SigError) throw cause;
        throw new SigError('E_STORE', `Cannot write ${JSON.stringify(path)}: ${codeOf(cause)}`, { cause });
      } finally {
        settled();
      }
    },
  };
}

/** The system's short word for a failure, such as `ENOENT`. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown failure';
}
