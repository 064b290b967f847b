import type { Clock } from '../../src/ports.ts';
import type { BrowserProgress } from '../../src/login/browser_attempt.ts';
import { type Io, printable } from '../io.ts';

/** Shows how a browser login goes on. */
export interface LoginProgress {
  readonly show: (state: BrowserProgress) => void;
  /** Takes the line away. */
  readonly end: () => void;
}

/**
 * Shows one line on a terminal, written anew at each change, and nothing anywhere else. The host
 * is the one that the browser really shows: a person sees it when a page only looks like theirs.
 */
export function showProgress(io: Io, clock: Clock): LoginProgress {
  const write = statusLine(io);
  return { show: (state) => write(describeProgress(state, clock.now())), end: () => write('') };
}

/** One line on a terminal, which each text replaces and the empty one takes away. Nothing anywhere else. */
export function statusLine(io: Io): (text: string) => void {
  if (!io.stderr.isTerminal || io.quiet) return () => {};
  let shown = '';
  return (text) => {
    const line = text.slice(0, io.width - 1);
    if (line === shown) return;
    shown = line;
    // A terminal that is gone will end the command by itself.
    io.stderr.write(`\r\x1b[2K${line}`).catch(() => {});
  };
}

/** How long there is still, as `4:40`. */
export function timeLeft(endsAtMs: number, nowMs: number): string {
  const leftSec = Math.max(0, Math.ceil((endsAtMs - nowMs) / 1000));
  return `${Math.floor(leftSec / 60)}:${String(leftSec % 60).padStart(2, '0')}`;
}

/** The line itself. */
export function describeProgress({ stage, host, endsAtMs }: BrowserProgress, nowMs: number): string {
  const left = `${timeLeft(endsAtMs, nowMs)} left, q to cancel`;
  const at = host === undefined ? '' : ` at ${printable(host)}`;
  if (stage === 'renewing') return 'sig: looking whether the site still knows you…';
  if (stage === 'asking') return `sig: press Enter when you are signed in${at}… ${left}`;
  return `sig: waiting for you to sign in${at}… ${left}`;
}
