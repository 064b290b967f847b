import type { Credential } from '../../src/credential/credential.ts';
import { valueFor } from '../../src/credential/value_for.ts';
import { SigError } from '../../src/errors.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { parentOnlyVariables, proxyEnvironment } from '../../src/proxy/child_environment.ts';
import { createPlaceholders, type Placeholder, variableOf } from '../../src/proxy/placeholder.ts';
import { secretsOfCredential } from '../../src/sig/secrets.ts';
import { note } from '../io.ts';
import type { CommandInput, Context, Run } from './command.ts';
import { requireProvider } from './require_provider.ts';

export const run: Run = async (input, context) => {
  const { ids, command } = readCommand(input);
  const set = await context.providers();
  const providers = ids.map((id) => requireProvider(set, id));
  const credentials = await openAll(providers, context);
  const placeholders = createPlaceholders(providers);
  const isRaw = input.options.has('raw-env');
  if (isRaw) {
    await note(
      context.io,
      'warning: --raw-env puts real secrets into the environment of the program and of all it starts',
    );
  }
  const onNote = (text: string) => void note(context.io, text).catch(() => {});
  const session = await context.startProxy({
    providers: ids,
    isStrict: input.options.has('strict'),
    ca: 'session',
    placeholders,
    onNote,
  });
  const forget = context.onInterrupt(session.stop);
  try {
    const removed = parentOnlyVariables(set.all).map((name) => [name, undefined] as const);
    return await context.runChild({
      command,
      env: {
        ...Object.fromEntries(removed),
        ...proxyEnvironment(session.child(), context.env('JAVA_TOOL_OPTIONS')),
        ...Object.fromEntries(placeholders.map((placeholder) => [
          variableOf(placeholder.provider, placeholder.key),
          isRaw ? rawValue(placeholder, providers, credentials, context) : placeholder.text,
        ])),
        SIG_AGENT: '1',
        SIG_HOME: context.home,
      },
      onNote,
      secrets: credentials.flatMap((credential) => credential ? secretsOfCredential(credential) : []),
    });
  } finally {
    forget();
    await session.stop();
  }
};

/** `a,b -- cmd`, `a b -- cmd`. */
function readCommand({ args, rest }: CommandInput): { ids: string[]; command: [string, ...string[]] } {
  const ids = [...new Set(args.flatMap((arg) => arg.split(',')).map((id) => id.trim()).filter((id) => id !== ''))];
  const [file, ...more] = rest;
  if (ids.length === 0) {
    throw new SigError('E_USAGE', 'No provider is named', {
      hint: 'sig run jira-example -- curl https://jira.example.com/',
    });
  }
  if (file === undefined) {
    throw new SigError('E_USAGE', 'No program is named', {
      hint: `write it behind "--": sig run ${ids.join(',')} -- program`,
    });
  }
  return { ids, command: [file, ...more] };
}

/** The logins as they are stored: one that is missing is obtained when the program needs it, if that can be silent. */
async function openAll(providers: readonly Provider[], context: Context): Promise<(Credential | undefined)[]> {
  const stored = await context.credentials();
  return await Promise.all(providers.map((provider) => stored.open(provider.id)));
}

function rawValue(
  { provider: id, key }: Placeholder,
  providers: readonly Provider[],
  credentials: readonly (Credential | undefined)[],
  context: Context,
): string | undefined {
  const at = providers.findIndex((provider) => provider.id === id);
  const credential = credentials[at];
  const provider = providers[at]!;
  if (!credential) {
    throw new SigError('E_LOGIN_REQUIRED', `Provider "${id}" is not logged in`, {
      hint: `sig login ${id}`,
      provider: id,
    });
  }
  const [domain] = provider.domains;
  const head = { target: { scheme: 'https', host: domain!.host, port: domain!.port ?? 443 }, path: '/' } as const;
  const nowSec = Math.floor(context.clock.now() / 1000);
  return valueFor(credential, provider.extract, key, { in: 'header', name: 'cookie' }, head, nowSec);
}
