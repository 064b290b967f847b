import { withoutValues } from '../../src/credential/credential.ts';
import type { Credential } from '../../src/credential/credential.ts';
import { isSigError, SigError } from '../../src/errors.ts';
import { revokeTokens } from '../../src/login/revoke.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { note, printJson } from '../io.ts';
import type { Context, Run } from './command.ts';
import { requireProvider } from './require_provider.ts';

export const run: Run = async ({ args, options }, context) => {
  const all = options.has('all');
  if (all === (args.length > 0)) {
    throw new SigError('E_USAGE', 'Name one provider, or say --all', { hint: 'see: sig logout --help' });
  }
  const set = await context.providers();
  const providers = all ? set.all : [requireProvider(set, args[0]!)];
  const results = [];
  for (const provider of providers) results.push(await logOut(provider, context));
  if (context.io.json) await printJson(context.io, all ? results : results[0]);
  else {
    for (const { provider, loggedOut, revoked } of results) {
      if (!loggedOut) await note(context.io, `"${provider}" was not logged in`);
      else await note(context.io, `logged out of "${provider}"${revoked ? ', and revoked its token' : ''}`);
    }
  }
  return 0;
};

async function logOut(
  provider: Provider,
  context: Context,
): Promise<{ provider: string; loggedOut: boolean; revoked: boolean }> {
  const credentials = await context.credentials();
  let before: Credential | undefined;
  await credentials.update(provider.id, (old) => {
    before = old;
    return Promise.resolve(old === undefined ? undefined : withoutValues(old));
  });
  // A browser that still knew the person would be signed in again at the next request.
  if (provider.strategy === 'browser') await context.forgetBrowser(provider.id);
  if (before === undefined) return { provider: provider.id, loggedOut: false, revoked: false };
  await (await context.audit()).write({ event: 'logout', provider: provider.id });
  let revoked = false;
  try {
    revoked = await revokeTokens(provider, before, {
      send: await context.send(),
      clock: context.clock,
      env: context.env,
    });
  } catch (error) {
    if (!isSigError(error)) throw error;
    await note(context.io, `the token could not be revoked at the server: ${error.message}`);
  }
  return { provider: provider.id, loggedOut: true, revoked };
}
