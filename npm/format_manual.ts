import type { CommandSpec, OptionSpec } from '../cli/command/command.ts';
import { ERROR_TABLE } from '../src/errors.ts';

/**
 * The manual page, made from what `--help` is made from.
 *
 * @returns roff in the man(7) macros
 */
export function formatManual(
  version: string,
  commands: readonly CommandSpec[],
  globalOptions: readonly OptionSpec[],
): string {
  return [
    `.TH SIG 1 "" "sig ${escape(version)}"`,
    '.SH NAME',
    'sig \\- log in once; let programs and agents act with the login and never hold it',
    '.SH SYNOPSIS',
    '.B sig',
    '.I command',
    '[\\fIoptions\\fR] [\\fIarguments\\fR]',
    '.SH COMMANDS',
    ...commands.flatMap(formatCommand),
    '.SH GLOBAL OPTIONS',
    ...globalOptions.flatMap(formatOption),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.flatMap(([status, meaning]) => ['.TP', `.B ${status}`, escape(meaning)]),
    '.SH ERRORS',
    ...Object.entries(ERROR_TABLE).flatMap(([code, { when }]) => ['.TP', `.B ${code}`, escape(when)]),
    '.SH FILES',
    '.TP',
    '.I ~/.sig/config.yaml',
    'Providers: where you log in and where the login may be used.',
    '',
  ].join('\n');
}

const EXIT_STATUS: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'failed; also an HTTP status of 400 or more in sig request'],
  ['2', 'wrong usage, or a mistake in config.yaml'],
  ['3', 'no such provider'],
  ['4', 'a person must log in'],
  ['5', 'refused by policy'],
  ['6', 'upstream unreachable, or its TLS not trusted'],
];

function formatCommand({ name, args, summary, options, examples }: CommandSpec): string[] {
  return [
    `.SS sig ${escape(args === undefined ? name : `${name} ${args}`)}`,
    `${escape(summary)}.`,
    ...(options ?? []).flatMap(formatOption),
    '.PP',
    '.nf',
    ...examples.map((example) => `.RS 4\n$ ${escape(example)}\n.RE`),
    '.fi',
  ];
}

function formatOption({ flag, description }: OptionSpec): string[] {
  return ['.TP', `.B ${escape(flag)}`, escape(description)];
}

/** Text as roff takes it: hyphens that can be copied, quotes that stay straight, no request by accident. */
function escape(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti').replaceAll('^', '\\(ha').replace(/^\./, '\\&.');
}
