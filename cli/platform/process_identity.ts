import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** A process that is meant, and not another one which got its number later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the system's own words. */
  readonly start: string;
}

/**
 * The identity of a running process.
 *
 * @returns `undefined` when there is no such process
 */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const start = process.platform === 'linux' ? readLinuxStart(pid) : askStart(pid);
  return start === undefined || start === '' ? undefined : { pid, start };
}

/** Whether that very process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.start === identity.start;
}

/**
 * Whether a process was started with that argument, as far as the system tells.
 *
 * @param argument as it was given, such as `--user-data-dir=/home/me/.sig/browser/jira`
 */
export function hasArgument(pid: number, argument: string): boolean {
  const line = readCommandLine(pid);
  return line !== undefined && ` ${line} `.includes(` ${argument} `);
}

/** The arguments of a process, parted by blanks. */
function readCommandLine(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0 || process.platform === 'win32') return undefined;
  if (process.platform !== 'linux') return run('/bin/ps', ['-ww', '-o', 'command=', '-p', `${pid}`]);
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return undefined; // gone, or another user's
  }
}

/** Clock ticks since boot (proc(5), field 22) and the boot they count from; undefined for a zombie too. */
function readLinuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${fields[19]}@${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return undefined; // no such process
  }
}

function askStart(pid: number): string | undefined {
  if (process.platform === 'win32') {
    const script = `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToFileTimeUtc()`;
    return run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script]);
  }
  return run('/bin/ps', ['-o', 'lstart=', '-p', `${pid}`]);
}

/** Arguments go as they are: there is no shell between. */
function run(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] })
      .trim();
  } catch {
    return undefined; // it answers "no such process" by failing
  }
}
