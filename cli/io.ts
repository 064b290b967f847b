/**
 * What the command line writes, and the policy for it:
 *
 * 1. Data goes to stdout, everything for people to stderr.
 * 2. Nothing that came from a server, a file or a config reaches a terminal as a control sequence:
 *    control, bidirectional and zero-width characters are shown as `\u{…}`.
 * 3. Colour only on a terminal, and never with NO_COLOR.
 * 4. `--json` gives one JSON document on stdout, errors included.
 * 5. `--quiet` silences notes, never errors.
 *
 * @module
 */

import { isSigError, SigError } from '../src/errors.ts';

/** Where bytes go. */
export interface Sink {
  /** Resolves when the bytes were taken; rejects with code `EPIPE` when nobody reads. */
  write(bytes: Uint8Array | string): Promise<void>;
  readonly isTerminal: boolean;
}

/** The streams of a command and how it is to speak. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdinIsTerminal: boolean;
  /** Columns of the terminal; 80 where there is none. */
  readonly width: number;
  readonly colour: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

// deno-lint-ignore no-control-regex
const UNSAFE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

/** Text that a terminal shows as it is: control and invisible characters become `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** Writes one line of data for people to stdout. */
export async function printLine(io: Io, text = ''): Promise<void> {
  await io.stdout.write(`${printable(text)}\n`);
}

/** Writes a JSON document to stdout. Invisible characters are escaped, which JSON allows. */
export async function printJson(io: Io, value: unknown): Promise<void> {
  const text = JSON.stringify(value, null, 2);
  await io.stdout.write(`${text.replace(UNSAFE, escapeForJson)}\n`);
}

function escapeForJson(characters: string): string {
  if (characters === '\n') return characters;
  return Array.from(
    { length: characters.length },
    (_, i) => `\\u${characters.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** Writes a remark to stderr, unless `--quiet`. */
export async function note(io: Io, text: string): Promise<void> {
  if (!io.quiet) await io.stderr.write(`sig: ${printable(text)}\n`);
}

/** Writes an error as `{ok: false, error, code, hint}` on stdout. */
export async function printAgentError(io: Io, error: unknown): Promise<void> {
  const { message, code, hint } = knownError(error);
  await printJson(io, { ok: false, error: message, code, ...(hint === undefined ? {} : { hint }) });
  await printFrames(io, error);
}

/** Writes an error: `sig: error: …` and `sig: hint: …` on stderr, or one JSON object on stdout with `--json`. */
export async function printError(io: Io, error: unknown): Promise<void> {
  const known = knownError(error);
  if (io.json) await printJson(io, { error: known.toJSON() });
  else {
    await io.stderr.write(`${paint(io, 31, 'sig: error:')} ${printable(known.message)}\n`);
    if (known.hint !== undefined) await io.stderr.write(`${paint(io, 36, 'sig: hint:')} ${printable(known.hint)}\n`);
  }
  await printFrames(io, error);
}

function knownError(error: unknown): SigError {
  if (isSigError(error)) return error;
  return new SigError('E_INTERNAL', `Defect in sig: ${error instanceof Error ? error.name : 'unknown error'}`, {
    hint: 'run again with --verbose for the stack, and report it',
  });
}

/** With `--verbose`, where a defect is. */
async function printFrames(io: Io, error: unknown): Promise<void> {
  if (!io.verbose || isSigError(error) || !(error instanceof Error)) return;
  // The frames only: a foreign error's message may quote what it was working on.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  await io.stderr.write(`${printable(frames.join('\n'))}\n`);
}

/** Rows under headings, each column as wide as its widest cell. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const safe = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, i) => Math.max(...safe.map((row) => row[i]!.length)));
  return safe.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd()).join('\n');
}

function paint(io: Io, colour: number, text: string): string {
  return io.colour && io.stderr.isTerminal ? `\x1b[${colour}m${text}\x1b[0m` : text;
}
