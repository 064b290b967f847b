import { cac } from 'cac';
import { SigError } from '../src/errors.ts';
import { normaliseArgv, unguard } from './argv.ts';
import type { CommandInput, CommandSpec, OptionSpec, ParsedOptions } from './command/command.ts';
import { GLOBAL_OPTIONS } from './command/table.ts';

/** What a command line asks for. */
export type Parsed =
  | { readonly kind: 'run'; readonly command: CommandSpec; readonly input: CommandInput }
  | { readonly kind: 'help'; readonly text: string };

/**
 * Turns a command line into what it asks for.
 *
 * @param program name of the binary, for usage lines
 * @param argv what was typed after it
 * @throws {SigError} E_USAGE
 */
export function parseCommandLine(program: string, argv: readonly string[], commands: readonly CommandSpec[]): Parsed {
  const normal = normaliseArgv(argv, commands, GLOBAL_OPTIONS);
  const app = cac(program);
  // One line per command is enough; cac would add a second list of them all.
  app.globalCommand.helpCallback = (sections) => {
    const notes = commands.find(({ name }) => name === normal.command)?.notes ?? [];
    return [
      ...sections.filter(({ title }) => !title?.startsWith('For more info')),
      ...(notes.length === 0 ? [] : [{ title: 'Notes', body: notes.map((line) => `  ${line}`).join('\n') }]),
    ];
  };
  const value = { type: [unguard] as unknown as [] };
  const declare = (
    target: { option: (flag: string, description: string, config?: object) => unknown },
    option: OptionSpec,
  ) => target.option(option.flag, option.description, option.flag.includes('<') ? value : {});
  for (const option of GLOBAL_OPTIONS) declare(app, option);
  let found: CommandSpec | undefined;
  for (const spec of commands) {
    const command = app.command(spec.args === undefined ? spec.name : `${spec.name} ${spec.args}`, spec.summary);
    for (const option of spec.options ?? []) declare(command, option);
    for (const example of spec.examples) command.example(`  $ ${example}`);
    command.action(() => {
      found = spec;
    });
  }
  app.parse(['', program, ...normal.tokens], { run: false });
  if (app.options.help === true || normal.command === undefined) return { kind: 'help', text: captureHelp(app) };
  try {
    app.runMatchedCommand();
  } catch (error) {
    // cac says what is missing or too much; its marks on values are ours to take off.
    const message = (error as Error).message.replaceAll('`=', '`').replaceAll('`', '"');
    throw new SigError('E_USAGE', message.charAt(0).toUpperCase() + message.slice(1), {
      hint: `see: ${program} ${normal.command} --help`,
    });
  }
  const args = app.args.map((arg) => unguard(String(arg)));
  return { kind: 'run', command: found!, input: { args, rest: normal.rest, options: parsedOptions(app.options) } };
}

/** The options that decide about output, read before anything can fail. */
export function outputOptions(argv: readonly string[]): { json: boolean; quiet: boolean; verbose: boolean } {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const has = (long: string, short: string) =>
    words.includes(long) ||
    words.some((word) => new RegExp(`^-[a-z]*${short}[a-z]*$`).test(word) && !/^-[XdHo]/.test(word));
  return { json: words.includes('--json'), quiet: has('--quiet', 'q'), verbose: has('--verbose', 'v') };
}

function parsedOptions(options: Record<string, unknown>): ParsedOptions {
  const key = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const values = (name: string): readonly string[] => {
    const value = options[key(name)];
    return Array.isArray(value) ? value as string[] : typeof value === 'string' ? [value] : [];
  };
  return {
    values,
    value: (name) => values(name).at(-1),
    has: (name) =>
      name.startsWith('no-')
        ? options[key(name.slice(3))] === false
        : options[key(name)] !== undefined && options[key(name)] !== false,
  };
}

/** cac prints its help; ours goes where the caller wants it. */
function captureHelp(app: ReturnType<typeof cac>): string {
  let text = '';
  const print = console.info;
  console.info = (line: string) => void (text += `${line}\n`);
  try {
    app.outputHelp();
  } finally {
    console.info = print;
  }
  return text;
}
