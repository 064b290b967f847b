import type { OAuth2Session } from '../../src/credential/credential.ts';
import { addProvider } from '../../src/config/edit.ts';
import type { Grant, ProviderConfig, Strategy } from '../../src/config/config.ts';
import { SigError } from '../../src/errors.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { decodeUtf8 } from '../../src/encoding/bytes.ts';
import type { BrowserProgress } from '../../src/login/browser_attempt.ts';
import { login, type LoginPorts } from '../../src/login/login.ts';
import { compileProvider, type Provider } from '../../src/provider/provider.ts';
import type { ProviderSet } from '../../src/provider/find.ts';
import { proposeId, requireProviderId } from '../../src/provider_id.ts';
import { Secret } from '../../src/secret.ts';
import { authorityOf, parseUrl } from '../../src/target/target.ts';
import { note, printJson } from '../io.ts';
import type { Context, ParsedOptions, Run } from './command.ts';
import { isUrl, requireProvider } from './require_provider.ts';

export const run: Run = async ({ args, options }, context) => {
  const set = await context.providers();
  const { provider, isNew } = findOrDraft(args[0]!, set, options, context);
  const given = provider.strategy === 'oauth2' ? await readClient(provider, options, context) : {};
  const ended = new AbortController();
  const settled = context.onInterrupt(() => Promise.resolve(ended.abort()));
  const ports = await context.loginPorts();
  const browse: LoginPorts['browse'] = async (wanted, old) => {
    const open = await context.browse({
      mode: readMode(options),
      signal: ended.signal,
      progress: showProgress(context),
    });
    return await open(wanted, old);
  };
  const { credential, validity } = await login(provider, { ...ports, browse }, given, async () => {
    if (isNew) await context.editConfig((text) => addProvider(text, provider.config));
  });
  settled();
  const expiresAt = credential.expiresAtSec === undefined
    ? {}
    : { expiresAt: new Date(credential.expiresAtSec * 1000).toISOString() };
  if (context.io.json) {
    await printJson(context.io, { provider: provider.id, strategy: provider.strategy, ...expiresAt });
  } else {
    const checked = validity.valid === 'yes' ? ', and the site accepts it' : '';
    await note(context.io, `logged in to "${provider.id}"${checked}${isNew ? '; added it to config.yaml' : ''}`);
  }
  return 0;
};

/** The provider that is named, or a new one for a URL that nobody claims yet. */
function findOrDraft(
  word: string,
  set: ProviderSet,
  options: ParsedOptions,
  context: Context,
): { provider: Provider; isNew: boolean } {
  const known = isUrl(word) ? claimedBy(word, set) : requireProvider(set, word);
  if (known === undefined) return { provider: draftProvider(word, set, options, context), isNew: true };
  const strategy = options.value('strategy');
  if (strategy !== undefined && strategy !== known.strategy) {
    throw new SigError('E_USAGE', `Provider "${known.id}" logs in by ${known.strategy}, not by ${strategy}`, {
      hint: `change "strategy" of "${known.id}" in config.yaml`,
    });
  }
  return { provider: known, isNew: false };
}

function claimedBy(url: string, set: ProviderSet): Provider | undefined {
  const { target, path } = parseUrl(url);
  const match = set.match(target, 'GET', path.split('?', 1)[0]!);
  if (match.kind === 'one') return match.provider;
  if (match.kind === 'none') return undefined;
  if (match.kind === 'refused' && match.providers.length === 1) return match.providers[0];
  throw new SigError('E_AMBIGUOUS', `Several providers claim ${authorityOf(target)}`, {
    hint: `name one of them: ${match.providers.map((provider) => provider.id).join(', ')}`,
  });
}

function draftProvider(url: string, set: ProviderSet, options: ParsedOptions, context: Context): Provider {
  const { target, href } = parseUrl(url);
  if (target.scheme !== 'https') {
    throw new SigError('E_PLAINTEXT', `Cannot add ${authorityOf(target)} over plain http`, {
      hint: 'use https, or write the entry yourself with "allowHttp: true"',
    });
  }
  const as = options.value('as');
  const id = as === undefined ? proposeId(target.host, (taken) => set.get(taken) !== undefined) : requireProviderId(as);
  if (set.get(id)) {
    throw new SigError('E_EXISTS', `Provider "${id}" is there already`, { hint: 'choose another with --as' });
  }
  const networkProxy = options.value('network-proxy');
  const mode = readMode(options);
  const entry: ProviderConfig = {
    id,
    domains: [authorityOf(target)],
    entryUrl: href,
    ...strategyEntry(options),
    ...(networkProxy === undefined ? {} : { networkProxy }),
    ...(mode === undefined || mode === 'auto' ? {} : { loginMode: mode }),
  };
  const { provider, issues } = compileProvider(entry, context.env);
  if (issues.length > 0) {
    throw new SigError('E_USAGE', `Cannot add "${id}": ${issues[0]!.message}`, { hint: issues[0]!.hint });
  }
  return provider;
}

/** What a new entry says, by strategy: the forms of the documented examples. */
function strategyEntry(options: ParsedOptions): Pick<ProviderConfig, 'strategy' | 'extract' | 'apply' | 'oauth2'> {
  const asked = readChoice(options, 'strategy', ['browser', 'oauth2', 'prompt'] as const);
  const strategy: Strategy = asked ?? (options.has('token-url') || options.has('issuer') ? 'oauth2' : 'browser');
  switch (strategy) {
    case 'browser':
      return {
        strategy,
        extract: [{ from: 'cookies', as: 'session', match: '*' }],
        apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
      };
    case 'prompt':
      return {
        strategy,
        extract: [{ from: 'prompt', as: 'token', match: 'Paste the token' }],
        apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${token}' }],
      };
    case 'oauth2': {
      const [tokenUrl, issuer, scope] = ['token-url', 'issuer', 'scope'].map((name) => options.value(name));
      if (tokenUrl === undefined && issuer === undefined) {
        throw new SigError('E_USAGE', 'OAuth needs an endpoint', { hint: 'give --token-url URL or --issuer URL' });
      }
      const grant = readChoice<Grant>(options, 'grant', ['client_credentials', 'authorization_code', 'device_code']);
      const scopes = scope?.split(/[ ,]+/).filter((one) => one !== '');
      return {
        strategy,
        oauth2: {
          ...(tokenUrl === undefined ? {} : { tokenUrl: parseUrl(tokenUrl).href }),
          ...(issuer === undefined ? {} : { issuer }),
          ...(scopes === undefined || scopes.length === 0 ? {} : { scopes }),
          ...(grant === undefined ? {} : { grant }),
        },
        extract: [{ from: 'oauth2', as: 'access_token' }],
        apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
      };
    }
  }
}

function readMode(options: ParsedOptions): 'auto' | 'headless' | 'visible' | undefined {
  return readChoice(options, 'mode', ['auto', 'headless', 'visible'] as const);
}

/** Tells a person at a terminal what the browser waits for: one line for each change. */
function showProgress({ io }: Context): (state: BrowserProgress) => void {
  let last = '';
  return ({ stage, host }) => {
    const text = stage === 'renewing'
      ? 'looking whether the site still knows you…'
      : `waiting for you to sign in${host === undefined ? '' : ` at ${host}`}… (Ctrl-C gives up)`;
    if (text === last || !io.stderr.isTerminal) return;
    last = text;
    void note(io, text);
  };
}

function readChoice<T extends string>(options: ParsedOptions, name: string, choices: readonly T[]): T | undefined {
  const value = options.value(name);
  if (value === undefined || choices.includes(value as T)) return value as T | undefined;
  throw new SigError('E_USAGE', `Unknown ${name} "${value}"`, { hint: `use ${choices.join(', ')}` });
}

/** The OAuth client as given on the command line; what is not given is taken from config or vault. */
async function readClient(provider: Provider, options: ParsedOptions, context: Context): Promise<OAuth2Session> {
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
