import { suggest } from '../src/config/suggest.ts';
import { SigError } from '../src/errors.ts';
import type { CommandSpec, OptionSpec } from './command/command.ts';

/** An option's flag, taken apart. */
interface Flag {
  /** Without dashes, as written: `client-secret`. */
  readonly name: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

/** A command line, brought into the one spelling that cac reads without guessing. */
export interface NormalArgv {
  readonly command: string | undefined;
  /** For cac: command, arguments, options as `--name==value` and `--name=true`. */
  readonly tokens: readonly string[];
  readonly rest: readonly string[];
}

/**
 * Marks a value. cac's parser turns `007` into 7 and takes `-x` for an option; behind the mark it
 * leaves a value alone. {@link unguard} takes the mark off.
 */
const MARK = '=';

/** Takes the mark of {@link normaliseArgv} off a value. */
export function unguard(value: string): string {
  return value.startsWith(MARK) ? value.slice(1) : value;
}

/**
 * Reads a command line strictly: options anywhere, `--key value` and `--key=value`, short ones
 * alone, joined (`-qv`) or with their value (`-XPOST`), `--` ends options.
 *
 * @param argv what was typed after the program's name
 * @throws {SigError} E_USAGE for an unknown command or option, with a suggestion, and for a missing value
 */
export function normaliseArgv(
  argv: readonly string[],
  commands: readonly CommandSpec[],
  globals: readonly OptionSpec[],
): NormalArgv {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end + 1);
  const globalFlags = globals.map((option) => parseFlag(option.flag));
  const at = findCommand(words, globalFlags);
  const spec = at === undefined ? undefined : commands.find((command) => command.name === words[at]);
  if (at !== undefined && spec === undefined) throw unknownCommand(words[at]!, commands);
  const flags = [...globalFlags, ...(spec?.options ?? []).map((option) => parseFlag(option.flag))];
  const others = words.filter((_, i) => i !== at);
  const { args, options } = readWords(others, flags, spec?.name);
  return { command: spec?.name, tokens: [...(spec ? [spec.name] : []), ...args, ...options], rest };
}

/** Position of the first word that is neither an option nor a global option's value. */
function findCommand(words: readonly string[], globals: readonly Flag[]): number | undefined {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-') || word === '-') return i;
    const flag = globals.find((candidate) => word === `--${candidate.name}` || word === `-${candidate.short}`);
    if (flag?.takesValue) i++;
  }
  return undefined;
}

function readWords(words: readonly string[], flags: readonly Flag[], command: string | undefined) {
  const args: string[] = [];
  const options: string[] = [];
  const push = (flag: Flag, value: string | undefined) => {
    if (flag.takesValue) options.push(`--${flag.name}=${MARK}${value}`);
    else options.push(flag.name.startsWith('no-') ? `--${flag.name}` : `--${flag.name}=true`);
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-') || word === '-') {
      args.push(MARK + word);
      continue;
    }
    const next = (flag: Flag): string => {
      const value = words[++i];
      if (value !== undefined) return value;
      throw new SigError('E_USAGE', `Option "--${flag.name}" needs a value`, { hint: helpHint(command) });
    };
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const flag = flags.find((candidate) => candidate.name === name);
      if (!flag) throw unknownOption(`--${name}`, flags, command);
      if (!flag.takesValue && equals >= 0) {
        throw new SigError('E_USAGE', `Option "--${name}" takes no value`, { hint: helpHint(command) });
      }
      push(flag, flag.takesValue ? (equals < 0 ? next(flag) : word.slice(equals + 1)) : undefined);
      continue;
    }
    for (let k = 1; k < word.length; k++) {
      const flag = flags.find((candidate) => candidate.short === word[k]);
      if (!flag) throw unknownOption(`-${word[k]}`, flags, command);
      if (!flag.takesValue) {
        push(flag, undefined);
        continue;
      }
      const joined = word.slice(k + 1).replace(/^=/, '');
      push(flag, joined === '' ? next(flag) : joined);
      break;
    }
  }
  return { args, options };
}

function parseFlag(text: string): Flag {
  const found = /^(?:-(\w), )?--([a-z][a-z-]*)( <[^>]+>)?$/.exec(text);
  if (!found) throw new TypeError(`flag ${JSON.stringify(text)} is not in the form "-x, --name <value>"`);
  return { short: found[1], name: found[2]!, takesValue: found[3] !== undefined };
}

function unknownCommand(word: string, commands: readonly CommandSpec[]): SigError {
  const near = suggest(word, commands.map((command) => command.name));
  return new SigError('E_USAGE', `Unknown command ${JSON.stringify(word.slice(0, 80))}`, {
    hint: near === undefined ? 'list all: sig --help' : `did you mean "sig ${near}"?`,
  });
}

function unknownOption(word: string, flags: readonly Flag[], command: string | undefined): SigError {
  const near = suggest(word.replace(/^-+/, ''), flags.map((flag) => flag.name));
  const where = command === undefined ? '' : ` for "sig ${command}"`;
  return new SigError('E_USAGE', `Unknown option ${JSON.stringify(word.slice(0, 80))}${where}`, {
    hint: near === undefined ? helpHint(command) : `did you mean "--${near}"?`,
  });
}

function helpHint(command: string | undefined): string {
  return command === undefined ? 'see: sig --help' : `see: sig ${command} --help`;
}
