import type { OAuth2Session } from '../../src/credential/credential.ts';
import { SigError } from '../../src/errors.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { decodeUtf8 } from '../../src/encoding/bytes.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { Secret } from '../../src/secret.ts';
import { parseUrl } from '../../src/target/target.ts';
import { note } from '../io.ts';
import type { Context, ParsedOptions } from './command.ts';

/** The OAuth client as given on the command line; what is not given is taken from config or vault. */
export async function readClient(provider: Provider, options: ParsedOptions, context: Context): Promise<OAuth2Session> {
  const clientId = options.value('client-id');
  const tokenUrl = options.value('token-url');
  const clientSecret = await readClientSecret(provider, clientId, options, context);
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(tokenUrl === undefined ? {} : { tokenUrl: parseUrl(tokenUrl).href }),
  };
}

async function readClientSecret(
  provider: Provider,
  clientId: string | undefined,
  options: ParsedOptions,
  context: Context,
): Promise<Secret | undefined> {
  const ways = ['client-secret', 'client-secret-stdin', 'client-secret-env', 'client-secret-file'].filter((way) =>
    options.has(way)
  );
  if (ways.length > 1) {
    throw new SigError(
      'E_USAGE',
      `Give the client secret once: ${ways.map((way) => `--${way}`).join(', ')}`,
    );
  }
  switch (ways[0]) {
    case 'client-secret':
      await note(
        context.io,
        'warning: other users of this machine can see a secret on a command line; prefer --client-secret-stdin',
      );
      return requireSecret(options.value('client-secret')!);
    case 'client-secret-stdin':
      return await readSecretFrom('-', context);
    case 'client-secret-file':
      return await readSecretFrom(options.value('client-secret-file')!, context);
    case 'client-secret-env': {
      const name = options.value('client-secret-env')!;
      const value = context.env(name);
      if (value === undefined) throw new SigError('E_ENV_UNSET', `Variable ${name} is not set`);
      return requireSecret(value);
    }
  }
  const needsOne = (provider.config.oauth2?.grant ?? 'client_credentials') === 'client_credentials' &&
    provider.config.oauth2?.clientSecret === undefined && clientId !== undefined;
  if (!needsOne) return undefined;
  return requireSecret((await context.prompt.secret(`Client secret of ${clientId}`)).reveal());
}

async function readSecretFrom(path: string, context: Context): Promise<Secret> {
  const bytes = await readAll(context.files.read(path), 64 * 1024);
  if (bytes === undefined) throw new SigError('E_USAGE', 'The client secret is longer than 64 KiB');
  return requireSecret(decodeUtf8(bytes).replace(/\r?\n$/, ''));
}

function requireSecret(text: string): Secret {
  if (/^[\x20-\x7e]+$/.test(text)) return new Secret(text);
  throw new SigError(
    'E_USAGE',
    text === '' ? 'The client secret is empty' : 'The client secret has characters that no secret has',
  );
}
