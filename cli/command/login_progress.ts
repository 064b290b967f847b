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
  if (!io.stderr.isTerminal || io.quiet) return { show: () => {}, end: () => {} };
  let shown = '';
  const write = (text: string) => {
    if (text === shown) return;
    shown = text;
    // A terminal that is gone will end the command by itself.
    io.stderr.write(text === '' ? '\r\x1b[2K' : `\r\x1b[2K${text}`).catch(() => {});
  };
  return {
    show: (state) => write(describeProgress(state, clock.now()).slice(0, io.width - 1)),
    end: () => write(''),
  };
}

/** The line itself. */
export function describeProgress({ stage, host, endsAtMs }: BrowserProgress, nowMs: number): string {
  const leftSec = Math.max(0, Math.ceil((endsAtMs - nowMs) / 1000));
  const left = `${Math.floor(leftSec / 60)}:${String(leftSec % 60).padStart(2, '0')} left, q to cancel`;
  const at = host === undefined ? '' : ` at ${printable(host)}`;
  if (stage === 'renewing') return 'sig: looking whether the site still knows you…';
  if (stage === 'asking') return `sig: press Enter when you are signed in${at}… ${left}`;
  return `sig: waiting for you to sign in${at}… ${left}`;
}
