import { setTimeout } from 'node:timers';
import process from 'node:process';
import { createHash } from 'node:crypto';
import { SigError } from '../../src/errors.ts';
import type { Lease } from '../../src/ports.ts';
import { acquirePipeLock } from './lock_pipe.ts';
import { acquireSocketLock, findLockHolder } from './lock_socket.ts';
import { ensurePrivateFolder } from './private_path.ts';
import { toStoreError } from './store_error.ts';

/** A named exclusive lock of a home. */
export interface LockName {
  /** Absolute path of the folder that holds the folders of all locks. Made when it is not there. */
  readonly folder: string;
  /** Any text; it is shown to people. */
  readonly name: string;
}

/** How long a lock is waited for, in milliseconds. */
export const LOCK_TIMEOUT_MS = 30_000;

/** What goes on under the locks that this process holds, by their address: the end of its last piece. */
const held = new Map<string, Promise<unknown>>();

/**
 * Waits for a lock and takes it. It excludes the processes of one machine, ends when released or when
 * its process ends, killed or not, and does not keep the process running. First come, first served.
 *
 * @param timeoutMs default 30,000
 * @throws {SigError} E_LOCKED when it is not free in time; E_STORE or E_PERMISSIONS when the system refuses
 */
export async function acquireLock(lock: LockName, timeoutMs: number = LOCK_TIMEOUT_MS): Promise<Lease> {
  const address = addressOf(lock);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  let release: () => void;
  try {
    if (process.platform === 'win32') {
      release = await acquirePipeLock(address, controller.signal);
    } else {
      ensurePrivateFolder(lock.folder);
      ensurePrivateFolder(address);
      release = await acquireSocketLock(address, controller.signal);
    }
  } catch (error) {
    throw controller.signal.aborted
      ? lockedError(lock, address, timeoutMs)
      : toStoreError(error, `lock "${lock.name}"`);
  } finally {
    clearTimeout(timer);
  }
  held.set(address, Promise.resolve());
  let isReleased = false;
  return {
    async release() {
      if (isReleased) return;
      isReleased = true;
      const last = held.get(address);
      held.delete(address);
      await last;
      release();
    },
  };
}

/**
 * Does a piece of work while no other process does one under the same lock. When this process holds
 * the lock already, it is used, one piece after the other.
 */
export async function withLock<T>(
  lock: LockName,
  timeoutMs: number | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const address = addressOf(lock);
  const before = held.get(address);
  if (before) {
    const done = before.then(work);
    held.set(address, done.catch(() => {}));
    return await done;
  }
  const lease = await acquireLock(lock, timeoutMs);
  try {
    return await work();
  } finally {
    await lease.release();
  }
}

// Short, since the path of a socket may not be long.
function addressOf({ folder, name }: LockName): string {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\sig-${digest(`${folder}\n${name}`)}`
    : `${folder}/${digest(name)}`;
}

function lockedError(lock: LockName, address: string, timeoutMs: number): SigError {
  const holder = process.platform === 'win32' ? undefined : findLockHolder(address);
  const who = holder === undefined ? 'another process' : `process ${holder}`;
  return new SigError('E_LOCKED', `Cannot lock "${lock.name}": ${who} holds it for longer than ${timeoutMs / 1000} s`, {
    hint: 'try again when it is done; if it hangs, end that process',
  });
}
