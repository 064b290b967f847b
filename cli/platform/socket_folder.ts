import { Buffer } from 'node:buffer';
import { closeSync, constants, openSync } from 'node:fs';
import process from 'node:process';
import { SigError } from '../../src/errors.ts';

/** A folder whose sockets can be named even when its own path is longer than a socket path may be. */
export interface SocketFolder {
  /** What to give to `listen` or `connect` for a name in the folder. */
  path(name: string): string;
  /** Ends the use of the paths. */
  close(): void;
}

/**
 * Prepares a folder for Unix sockets. The kernel takes 107 bytes of path on Linux, 103 elsewhere; on
 * Linux a longer one is reached through a descriptor of the folder.
 *
 * @param folder absolute path of an existing folder
 * @param nameBytes length of the longest name that will be used
 * @param maxPathBytes overrides the limit of the system
 * @throws {SigError} E_STORE when the path is too long here
 */
export function openSocketFolder(
  folder: string,
  nameBytes: number,
  maxPathBytes: number = process.platform === 'linux' ? 107 : 103,
): SocketFolder {
  const excess = Buffer.byteLength(folder) + 1 + nameBytes - maxPathBytes;
  if (excess <= 0) return { path: (name) => `${folder}/${name}`, close: () => {} };
  if (process.platform !== 'linux') {
    throw new SigError('E_STORE', `Cannot make a socket in "${folder}": the path is ${excess} bytes too long`, {
      hint: 'name a shorter folder with SIG_HOME',
    });
  }
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: (name) => `/proc/self/fd/${descriptor}/${name}`, close: () => closeSync(descriptor) };
}
