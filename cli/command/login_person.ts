import type { PersonPorts } from '../../src/login/person.ts';
import type { Invitation } from '../../src/ports.ts';
import { printable } from '../io.ts';
import type { Context } from './command.ts';
import { statusLine, timeLeft } from './login_progress.ts';

/**
 * Does the work of a login that needs a person: tells where to go, shows that it waits, and ends
 * with Ctrl-C.
 */
export async function withPerson<T>(context: Context, work: (person: PersonPorts) => Promise<T>): Promise<T> {
  const { io, clock, listenForRedirect: listen } = context;
  const timer = await context.timer();
  const cancelled = new AbortController();
  const settled = new AbortController();
  const showLine = statusLine(io);
  const settle = () => {
    settled.abort();
    showLine('');
  };
  const showWaiting = async (endsAtMs: number) => {
    while (!settled.signal.aborted) {
      showLine(`sig: waiting for you to sign in… ${timeLeft(endsAtMs, clock.now())} left, Ctrl-C to cancel`);
      await timer.wait(1000, settled.signal);
    }
  };
  const invite = async (invitation: Invitation) => {
    await showInvitation(invitation, context);
    // Goes on beside the login, until that is settled.
    void showWaiting(invitation.endsAtMs);
  };
  const unregister = context.onInterrupt(() => {
    settle();
    cancelled.abort();
    return Promise.resolve();
  });
  try {
    return await work({ timer, listen, invite, signal: cancelled.signal });
  } finally {
    settle();
    unregister();
  }
}

/** Where to go, as text, and on a terminal as a QR code when any device will do. It is said even with `--quiet`. */
async function showInvitation({ url, code }: Invitation, { io, openUrl }: Context): Promise<void> {
  const isOpened = code === undefined && await openUrl(url);
  const where = code === undefined
    ? isOpened
      ? 'Sign in with the browser that opens, or open this page in a browser of this machine'
      : 'Open this page in a browser of this machine to sign in'
    : 'Open this page on any device to sign in';
  await io.stderr.write(`${where}:\n\n  ${printable(url)}\n\n`);
  if (code === undefined) return;
  await io.stderr.write(`Code: ${printable(code)}\n\n`);
  if (io.stderr.isTerminal) await io.stderr.write(`${(await import('../qr.ts')).renderQr(url)}\n`);
}
