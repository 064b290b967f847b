import { lstatSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { isSigError, SigError } from '../../../src/errors.ts';
import type { Lease } from '../../../src/ports.ts';
import { requireProviderId } from '../../../src/provider_id.ts';
import { acquireLock } from '../lock.ts';
import { ensurePrivateFolder } from '../private_path.ts';
import { hasArgument, identifyProcess, isRunning, type ProcessIdentity } from '../process_identity.ts';
import { toStoreError } from '../store_error.ts';

/** A profile folder that this process alone uses, until it lets go or ends. */
export interface ClaimedProfile {
  /** Absolute path, for `--user-data-dir`. */
  readonly folder: string;
  /** How the browser called itself when a person last saw it. */
  readonly userAgent: string | undefined;
  /** Writes down which process uses the profile, so that a later `sig` can end it. */
  record(browserPid: number, userAgent: string | undefined): void;
  release(): Promise<void>;
}

const BROWSER = 'sig-browser.json';
const USER_AGENT = 'sig-user-agent';
/** How long another `sig` that uses the profile is waited for. */
const WAIT_MS = 2_000;
/** How long a left-over browser gets to end by itself before it is killed. */
const GRACE_MS = 3_000;

/** The profile folder of a provider. */
export function profileFolder(home: string, profile: string): string {
  return join(home, 'browser', requireProviderId(profile));
}

/** Whether a browser ran with that profile before. */
export function hasProfile(home: string, profile: string): boolean {
  return exists(join(profileFolder(home, profile), 'Local State'));
}

/**
 * Claims a provider's profile for this process. Whatever browser an earlier `sig` left behind
 * there, because it was killed, is ended; a process that only got its number is not touched.
 *
 * @throws {SigError} E_LOCKED when another `sig` uses it; E_PERMISSIONS when it is not private; E_STORE
 */
export async function claimProfile(home: string, profile: string): Promise<ClaimedProfile> {
  const folder = profileFolder(home, profile);
  for (const path of [home, join(home, 'browser'), folder]) ensurePrivateFolder(path);
  const lease = await lockProfile(home, profile);
  const file = join(folder, BROWSER);
  try {
    const left = readIdentity(file);
    if (left) await endProcess(left);
    await endHolder(folder);
    rmSync(file, { force: true });
  } catch (error) {
    await lease.release();
    throw toStoreError(error, `clean "${folder}"`);
  }
  return {
    folder,
    userAgent: readText(join(folder, USER_AGENT)),
    record(browserPid, userAgent) {
      const browser = identifyProcess(browserPid);
      if (browser) writeFileSync(file, JSON.stringify(browser), { mode: 0o600 });
      if (userAgent !== undefined) writeFileSync(join(folder, USER_AGENT), userAgent, { mode: 0o600 });
    },
    async release() {
      rmSync(file, { force: true });
      await lease.release();
    },
  };
}

/**
 * Removes a profile with all it knows, and ends a browser that was left behind in it.
 *
 * @throws {SigError} E_LOCKED when another `sig` uses it
 */
export async function removeProfile(home: string, profile: string): Promise<void> {
  const folder = profileFolder(home, profile);
  if (!exists(folder)) return;
  const claimed = await claimProfile(home, profile);
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } finally {
    await claimed.release();
  }
}

/**
 * Gives a profile to another id. What was there under that id is removed.
 *
 * @throws {SigError} E_LOCKED when another `sig` uses it
 */
export async function renameProfile(home: string, from: string, to: string): Promise<void> {
  const folder = profileFolder(home, from);
  if (!exists(folder)) return;
  await removeProfile(home, to);
  const claimed = await claimProfile(home, from);
  try {
    renameSync(folder, profileFolder(home, to));
  } catch (error) {
    throw toStoreError(error, `rename "${folder}"`);
  } finally {
    await claimed.release();
  }
}

async function lockProfile(home: string, profile: string): Promise<Lease> {
  try {
    return await acquireLock({ folder: join(home, 'lock'), name: `browser/${profile}` }, WAIT_MS);
  } catch (cause) {
    if (!isSigError(cause, 'E_LOCKED')) throw cause;
    throw new SigError('E_LOCKED', `Another sig uses the browser of "${profile}"`, {
      hint: 'wait until that login is done, or end it',
      provider: profile,
      cause,
    });
  }
}

/** Ends the browser that holds the profile by Chromium's own lock, if it is really one of this profile. */
async function endHolder(folder: string): Promise<void> {
  let target: string;
  try {
    target = readlinkSync(join(folder, 'SingletonLock'));
  } catch {
    return; // not in use, or a system without it
  }
  const pid = Number(/-(\d+)$/.exec(target)?.[1]);
  const found = hasArgument(pid, `--user-data-dir=${folder}`) ? identifyProcess(pid) : undefined;
  if (found) await endProcess(found);
}

/** Ends one process: politely, then not. That it is still the same one is checked before every signal. */
async function endProcess(target: ProcessIdentity): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const end = Date.now() + GRACE_MS; Date.now() < end; await delay(50)) {
      if (!isRunning(target)) return;
      try {
        process.kill(target.pid, signal);
      } catch {
        return; // it has just gone
      }
    }
  }
}

/** A file that was cut off by a crash names nobody. */
function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    const { pid, start } = JSON.parse(readText(path) ?? 'null') as ProcessIdentity;
    return Number.isSafeInteger(pid) && typeof start === 'string' ? { pid, start } : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // not there
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
