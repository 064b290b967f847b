import { SigError } from '../../src/errors.ts';
import { suggest } from '../../src/config/suggest.ts';
import { bootstrap, logout, refresh, status } from './agent_id_identity.ts';
import { call, capabilities, discover, header, support } from './agent_id_service.ts';
import type { Context, Run } from './command.ts';

/** One verb of `agent-id`, in the order of its help. */
const VERBS: Readonly<Record<string, { readonly summary: string; readonly run: Run }>> = {
  bootstrap: { summary: 'Make a key and log in; the owner approves a link', run: bootstrap },
  status: { summary: 'Show the identity', run: status },
  refresh: { summary: 'Renew the tokens now', run: refresh },
  logout: { summary: 'Forget the tokens; the key stays', run: logout },
  discover: { summary: 'Read the manifest of --url, and let the token go there', run: discover },
  capabilities: { summary: 'Show what the service of --url can do', run: capabilities },
  call: { summary: 'Send one signed request', run: call },
  header: { summary: 'Print the headers of one signed request', run: header },
  support: { summary: 'Say whether the page of --url takes agent identities', run: support },
};

export const run: Run = async (input, context) => {
  const [name] = input.args;
  if (name === undefined || name === 'help') {
    await printVerbs(context);
    return 0;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb) return await verb.run(input, context);
  const near = suggest(name, Object.keys(VERBS));
  throw new SigError('E_USAGE', `Unknown agent-id command ${JSON.stringify(name.slice(0, 80))}`, {
    hint: near === undefined ? `use ${Object.keys(VERBS).join(', ')}` : `did you mean "agent-id ${near}"?`,
  });
};

async function printVerbs({ io }: Context): Promise<void> {
  const lines = Object.entries(VERBS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  await io.stderr.write(`agent-id <command> [options]\n\n${lines.join('\n')}\n\nOptions: agent-id --help\n`);
}
