import process from 'node:process';
import { isSigError } from '../src/errors.ts';
import type { Io } from './io.ts';

/**
 * Does what a command line says.
 *
 * @param argv without program and script
 * @returns the exit status
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const [{ outputOptions, parseCommandLine }, { COMMANDS }, io, { createSink, describeTerminal }] = await Promise.all([
    import('./app.ts'),
    import('./command/table.ts'),
    import('./io.ts'),
    import('./platform/terminal.ts'),
  ]);
  const streams: Io = {
    stdout: createSink(process.stdout),
    stderr: createSink(process.stderr),
    ...describeTerminal(),
    ...outputOptions(argv),
  };
  try {
    const parsed = parseCommandLine('sig', argv, COMMANDS);
    if (parsed.kind === 'help') {
      await streams.stdout.write(parsed.text);
      return argv.length === 0 ? 2 : 0;
    }
    const [{ run }, { createContext }] = await Promise.all([parsed.command.load(), import('./context.ts')]);
    const cleanups = new Set<() => Promise<void>>();
    const onSignal = async (status: number) => {
      await Promise.allSettled([...cleanups].map((cleanup) => cleanup()));
      process.exit(status);
    };
    process.once('SIGINT', () => onSignal(130)).once('SIGTERM', () => onSignal(143));
    const context = createContext(streams, parsed.input.options.value('home'), (cleanup) => {
      cleanups.add(cleanup);
      return () => cleanups.delete(cleanup);
    });
    return await run(parsed.input, context);
  } catch (error) {
    // Nobody reads any more (sig … | head): there is nothing to say and nobody to say it to.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0;
    // Agents read what agent-id says, failures included, as JSON.
    const print = argv[0] === 'agent-id' ? io.printAgentError : io.printError;
    await print(streams, error).catch(() => {});
    return isSigError(error) ? error.exitCode : 1;
  }
}
