import { SigError } from '../../src/errors.ts';
import { bindingOf, widenings } from '../../src/provider/binding.ts';
import { note, printJson, printLine } from '../io.ts';
import type { Context, Run } from './command.ts';
import { requireProvider } from './require_provider.ts';

export const run: Run = async ({ args }, context) => {
  const [action, id] = args;
  if (action === 'check' && id === undefined) {
    const { all } = await context.providers();
    if (context.io.json) await printJson(context.io, { ok: true, providers: all.length });
    else await printLine(context.io, `${all.length} provider${all.length === 1 ? '' : 's'}, no mistake`);
    return 0;
  }
  if (action === 'approve' && id !== undefined) return await approve(id, context);
  throw new SigError('E_USAGE', 'Say "check", or "approve" and a provider', { hint: 'see: sig config --help' });
};

/** Lets a stored login go where config.yaml now says. A person decides, at a terminal. */
async function approve(id: string, context: Context): Promise<number> {
  if (context.env('SIG_AGENT') === '1') {
    throw new SigError('E_AGENT_REFUSED', 'Refused to let an agent approve a change of policy');
  }
  const provider = requireProvider(await context.providers(), id);
  const credentials = await context.credentials();
  const stored = await credentials.open(id);
  if (stored === undefined) {
    throw new SigError('E_LOGIN_REQUIRED', `Provider "${id}" has no login to approve anything for`, {
      hint: `sig login ${id}`,
      provider: id,
    });
  }
  const current = bindingOf(provider);
  const found = widenings(stored.binding, current);
  for (const change of found) await note({ ...context.io, quiet: false }, `now also: ${change}`);
  if (found.length > 0 && !await context.prompt.confirm(`Let the login of "${id}" be used so?`)) {
    await note(context.io, 'nothing was approved');
    return 1;
  }
  await (await context.audit()).write({ event: 'approve', provider: id, changes: found });
  await credentials.update(id, (old) => Promise.resolve(old === undefined ? undefined : { ...old, binding: current }));
  if (context.io.json) await printJson(context.io, { provider: id, approved: found });
  else await note(context.io, found.length === 0 ? `nothing of "${id}" needs approval` : `approved "${id}"`);
  return 0;
}
