import { SigError } from '../../src/errors.ts';
import type { Context, Run } from './command.ts';

/** Arguments of a tool, as a model wrote them. */
export type ToolInput = Readonly<Record<string, unknown>>;

/**
 * Reads an argument that is a text.
 *
 * @throws {SigError} E_USAGE when it is something else
 */
export function readText(input: ToolInput, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new SigError('E_USAGE', `"${name}" must be a string`);
}

/**
 * Reads an argument that is a text and must be there.
 *
 * @throws {SigError} E_USAGE
 */
export function requireText(input: ToolInput, name: string): string {
  const value = readText(input, name);
  if (value === undefined) throw new SigError('E_USAGE', `"${name}" must be a string`);
  return value;
}

/**
 * Runs a command for what it prints as JSON.
 *
 * @param options a switch has any text
 */
export async function capture(
  command: Run,
  args: readonly string[],
  options: Readonly<Record<string, string | undefined>>,
  context: Context,
): Promise<unknown> {
  let printed = '';
  const stdout = {
    isTerminal: false,
    write: (chunk: Uint8Array | string) => {
      printed += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
      return Promise.resolve();
    },
  };
  await command({
    args,
    rest: [],
    options: {
      value: (name) => options[name],
      values: (name) => options[name] === undefined ? [] : [options[name]],
      has: (name) => options[name] !== undefined,
    },
  }, { ...context, io: { ...context.io, stdout, json: true, quiet: true } });
  return JSON.parse(printed);
}
