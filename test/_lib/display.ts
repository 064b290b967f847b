import { findCommand, startCommand } from './command.ts';

/** A display that nobody looks at. */
export interface TestDisplay {
  /** For the variable `DISPLAY`. */
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** Starts one, on which programs show their windows; `undefined` where Xvfb is not installed. */
export async function startDisplay(): Promise<TestDisplay | undefined> {
  const program = findCommand('Xvfb');
  if (!program) return undefined;
  const server = startCommand(program, ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
    timeoutMs: 180_000,
  });
  const close = async () => {
    server.kill();
    await server.done;
  };
  return { name: `:${(await server.waitFor(/^(\d+)\n/))[1]}`, close };
}
