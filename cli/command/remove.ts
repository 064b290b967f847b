import { removeProvider } from '../../src/config/edit.ts';
import { note, printJson } from '../io.ts';
import type { Run } from './command.ts';
import { requireProvider } from './require_provider.ts';

export const run: Run = async ({ args }, context) => {
  const provider = requireProvider(await context.providers(), args[0]!);
  const credentials = await context.credentials();
  // Config first: a login without an entry is harmless and named by doctor; the other way round it would be lost.
  await context.editConfig((text) => removeProvider(text, provider.id));
  await credentials.remove(provider.id);
  if (provider.strategy === 'browser') await context.forgetBrowser(provider.id);
  await (await context.audit()).write({ event: 'remove', provider: provider.id });
  if (context.io.json) await printJson(context.io, { provider: provider.id, removed: true });
  else await note(context.io, `removed "${provider.id}" and its login`);
  return 0;
};
