import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { identifyProcess, isRunning, type ProcessIdentity } from '../process_identity.ts';

const PREFIX = 'sig-run-';
/** Says whose folder it is. */
const OWNER = 'owner.json';
/** A folder without an owner may be just being made, for so many milliseconds. */
const UNOWNED_MS = 3_600_000;

/**
 * Makes a folder for the files of one session, which nobody else can enter. Folders of sessions whose process
 * is gone without having removed them (`kill -9`) are removed first (security case R12).
 *
 * @param parent default: the system's folder for temporary files
 */
export function makeSessionFolder(parent: string = tmpdir()): string {
  sweepSessionFolders(parent);
  const folder = mkdtempSync(join(parent, PREFIX)); // 0700
  writeFileSync(join(folder, OWNER), JSON.stringify(identifyProcess(process.pid) ?? { pid: process.pid, start: '' }), {
    mode: 0o600,
    flag: 'wx',
  });
  return folder;
}

function sweepSessionFolders(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(parent, name);
    try {
      if (isLeftOver(folder)) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Somebody else's, or gone meanwhile: either way not ours to remove.
    }
  }
}

function isLeftOver(folder: string): boolean {
  const stats = lstatSync(folder);
  // Anybody can make names in a shared folder; a link leads elsewhere.
  if (!stats.isDirectory() || (process.getuid && stats.uid !== process.getuid())) return false;
  let owner: ProcessIdentity;
  try {
    owner = JSON.parse(readFileSync(join(folder, OWNER), 'utf8')) as ProcessIdentity;
  } catch {
    return Date.now() - stats.mtimeMs > UNOWNED_MS;
  }
  // Without a start time it cannot be told from another process of that number.
  return typeof owner.start === 'string' && owner.start !== '' && !isRunning(owner);
}
