import { lstatSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { SigError } from '../../src/errors.ts';
import { requireProviderId } from '../../src/provider_id.ts';
import { ensurePrivateFolder } from './private_path.ts';
import { hasArgument, identifyProcess, isRunning, type ProcessIdentity } from './process_identity.ts';
import { toStoreError } from './store_error.ts';

/** Who uses a profile now, as `sig-owner.json` in it says. */
interface Owner {
  readonly sig: ProcessIdentity;
  readonly browser?: ProcessIdentity;
}

/** A profile folder that this process may use, until it lets go. */
export interface ClaimedProfile {
  /** Absolute path, for `--user-data-dir`. */
  readonly folder: string;
  /** How the browser called itself when a person last saw it. */
  readonly userAgent: string | undefined;
  /** Writes down which process uses the profile, so that a later `sig` can end it. */
  record(browserPid: number, userAgent: string | undefined): void;
  release(): void;
}

const OWNER = 'sig-owner.json';
const USER_AGENT = 'sig-user-agent';
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
 * there, because it was killed, is ended first; a process that only got its number is not touched.
 *
 * @throws {SigError} E_LOCKED when another `sig` uses it; E_PERMISSIONS when it is not private; E_STORE
 */
export async function claimProfile(home: string, profile: string): Promise<ClaimedProfile> {
  const folder = profileFolder(home, profile);
  ensurePrivateFolder(home);
  ensurePrivateFolder(join(home, 'browser'));
  ensurePrivateFolder(folder);
  const ownerFile = join(folder, OWNER);
  const self = identifyProcess(process.pid) ?? { pid: process.pid, start: 'unknown' };
  for (let attempt = 0; !tryWrite(ownerFile, { sig: self }); attempt++) {
    const owner = readOwner(ownerFile);
    if (owner && isRunning(owner.sig) && attempt < 50) {
      throw new SigError('E_LOCKED', `Another sig (process ${owner.sig.pid}) uses the browser of "${profile}"`, {
        hint: 'wait until it is done, or end it',
        provider: profile,
      });
    }
    if (owner?.browser) await endProcess(owner.browser);
    rmSync(ownerFile, { force: true });
  }
  await sweep(folder);
  return {
    folder,
    userAgent: readText(join(folder, USER_AGENT)),
    record(browserPid, userAgent) {
      const browser = identifyProcess(browserPid);
      writeFileSync(ownerFile, JSON.stringify({ sig: self, ...(browser ? { browser } : {}) }), { mode: 0o600 });
      if (userAgent !== undefined) writeFileSync(join(folder, USER_AGENT), userAgent, { mode: 0o600 });
    },
    release: () => rmSync(ownerFile, { force: true }),
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
    claimed.release();
  }
}

/** Ends the browser that holds the profile by Chromium's own lock, if it is really one of this profile. */
async function sweep(folder: string): Promise<void> {
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

/** Ends one process: politely, then not. Its number is checked before every signal. */
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

function tryWrite(path: string, owner: Owner): boolean {
  try {
    writeFileSync(path, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw toStoreError(error, `write "${path}"`);
  }
}

/** A file that was cut off by a crash names nobody. */
function readOwner(path: string): Owner | undefined {
  try {
    const { sig, browser } = JSON.parse(readFileSync(path, 'utf8')) as Owner;
    const isIdentity = (value: unknown): value is ProcessIdentity =>
      typeof value === 'object' && value !== null && Number.isSafeInteger((value as ProcessIdentity).pid);
    return isIdentity(sig) ? { sig, ...(isIdentity(browser) ? { browser } : {}) } : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
