import { expect, test } from 'vitest';
import { describeProgress, showProgress, statusLine, timeLeft } from '../../../cli/command/login_progress.ts';
import type { Io } from '../../../cli/io.ts';

const NOW = 1_000_000;

function makeIo(more: Partial<Io> & { isTerminal?: boolean } = {}) {
  const written: string[] = [];
  const stderr = {
    isTerminal: more.isTerminal ?? true,
    write: (text: string | Uint8Array) => Promise.resolve(void written.push(String(text))),
  };
  const io: Io = {
    stdout: stderr,
    stdinIsTerminal: true,
    width: 60,
    colour: false,
    json: false,
    quiet: false,
    verbose: false,
    ...more,
    stderr,
  };
  return { io, written };
}

test.each(
  [
    [{ stage: 'waiting', endsAtMs: NOW + 100_000 }, 'sig: waiting for you to sign in… 1:40 left, q to cancel'],
    [
      { stage: 'waiting', host: 'idp.test', endsAtMs: NOW + 59_001 },
      'sig: waiting for you to sign in at idp.test… 1:00 left, q to cancel',
    ],
    [
      { stage: 'asking', host: 'x.test', endsAtMs: NOW - 5 },
      'sig: press Enter when you are signed in at x.test… 0:00 left, q to cancel',
    ],
    [{ stage: 'renewing', host: 'x.test', endsAtMs: NOW }, 'sig: looking whether the site still knows you…'],
  ] as const,
)('describeProgress(%j)', (state, expected) => {
  expect(describeProgress(state, NOW)).toBe(expected);
});

test('C9: describeProgress() shows no control character of a host', () => {
  expect(describeProgress({ stage: 'waiting', host: 'a\x1b[2Jb\u202e', endsAtMs: NOW }, NOW)).toContain(
    'a\\u{1b}[2Jb\\u{202e}',
  );
});

test('showProgress() writes one line anew, within the width, and takes it away', () => {
  const { io, written } = makeIo();
  const progress = showProgress(io, { now: () => NOW });
  const state = { stage: 'waiting', host: 'very-long-host-name.example.com', endsAtMs: NOW + 1000 } as const;
  progress.show(state);
  progress.show(state);
  progress.end();
  progress.end();
  expect(written).toEqual([expect.stringMatching(/^\r\x1b\[2Ksig: waiting/), '\r\x1b[2K']);
  expect(written[0]!.length).toBe('\r\x1b[2K'.length + 59);
});

test.each([{ isTerminal: false }, { quiet: true }])('showProgress() writes nothing with %j', (more) => {
  const { io, written } = makeIo(more);
  const progress = showProgress(io, { now: () => NOW });
  progress.show({ stage: 'waiting', endsAtMs: NOW });
  progress.end();
  expect(written).toEqual([]);
});

test('statusLine() writes a text once, cut to the width, and the empty one only to take another away', () => {
  const { io, written } = makeIo({ width: 10 });
  const write = statusLine(io);
  for (const text of ['', 'one', 'one', 'a longer text', '']) write(text);
  expect(written).toEqual(['\r\x1b[2Kone', '\r\x1b[2Ka longer ', '\r\x1b[2K']);
});

test.each([[0, '0:00'], [-5, '0:00'], [1, '0:01'], [59_001, '1:00'], [280_000, '4:40'], [3_600_000, '60:00']])(
  'timeLeft() of %i ms is %s',
  (leftMs, text) => expect(timeLeft(NOW + leftMs, NOW)).toBe(text),
);
