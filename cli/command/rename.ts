import { renameProvider } from '../../src/config/edit.ts';
import { SigError } from '../../src/errors.ts';
import { requireProviderId } from '../../src/provider_id.ts';
import { note, printJson } from '../io.ts';
import type { Run } from './command.ts';
import { requireProvider } from './require_provider.ts';

export const run: Run = async ({ args }, context) => {
  const set = await context.providers();
  const from = requireProvider(set, args[0]!).id;
  const to = requireProviderId(args[1]!);
  if (set.get(to)) throw new SigError('E_EXISTS', `Provider "${to}" is there already`);
  const credentials = await context.credentials();
  await context.renameBrowser(from, to);
  const had = (await credentials.list()).includes(from);
  if (had) await credentials.rename(from, to);
  try {
    await context.editConfig((text) => renameProvider(text, from, to));
  } catch (error) {
    // Both or neither: the login goes back to the name that config.yaml still has.
    if (had) await credentials.rename(to, from);
    await context.renameBrowser(to, from);
    throw error;
  }
  await (await context.audit()).write({ event: 'rename', provider: to, from });
  if (context.io.json) await printJson(context.io, { provider: to, from });
  else await note(context.io, `renamed "${from}" to "${to}"`);
  return 0;
};
