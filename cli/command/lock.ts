import { note, printJson } from '../io.ts';
import type { Run } from './command.ts';

export const run: Run = async (_input, context) => {
  const { io } = context;
  const locked = await (await context.daemon()).lock();
  if (io.json) await printJson(io, { locked });
  else await note(io, locked ? 'the proxy has forgotten every login and the vault key' : 'no proxy runs');
  return 0;
};
