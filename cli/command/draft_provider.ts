import type { Grant, ProviderConfig, Strategy } from '../../src/config/config.ts';
import { SigError } from '../../src/errors.ts';
import { findInCatalogue } from '../../src/provider/catalogue.ts';
import { compileProvider, type Provider } from '../../src/provider/provider.ts';
import type { ProviderSet } from '../../src/provider/find.ts';
import { proposeId, requireProviderId } from '../../src/provider_id.ts';
import { parentOf } from '../../src/target/domain.ts';
import { parseLoopbackRedirect } from '../../src/target/loopback_redirect.ts';
import { authorityOf, parseUrl, type Target } from '../../src/target/target.ts';
import type { Context, ParsedOptions } from './command.ts';
import { isUrl, requireProvider } from './require_provider.ts';

/** The provider that is named, or a new one for a URL that nobody claims yet. */
export async function findOrDraft(
  word: string,
  set: ProviderSet,
  options: ParsedOptions,
  context: Context,
): Promise<{ provider: Provider; isNew: boolean }> {
  const known = isUrl(word) ? claimedBy(word, set) : requireProvider(set, word);
  if (known === undefined) return { provider: await draftProvider(word, set, options, context), isNew: true };
  const strategy = options.value('strategy');
  if (strategy !== undefined && strategy !== known.strategy) {
    throw new SigError('E_USAGE', `Provider "${known.id}" logs in by ${known.strategy}, not by ${strategy}`, {
      hint: `change "strategy" of "${known.id}" in config.yaml`,
    });
  }
  requireAsConfigured(known, options);
  return { provider: known, isNew: false };
}

/** What config.yaml says of an OAuth provider, the command line does not change. */
function requireAsConfigured({ id, config }: Provider, options: ParsedOptions): void {
  for (const [name, key] of [['grant', 'grant'], ['issuer', 'issuer'], ['redirect-uri', 'redirectUri']] as const) {
    const asked = options.value(name);
    if (
      asked === undefined || asked === (config.oauth2?.[key] ?? (key === 'grant' ? 'client_credentials' : undefined))
    ) {
      continue;
    }
    throw new SigError('E_USAGE', `Provider "${id}" is there already, with another "${key}" than --${name} says`, {
      hint: `change "${key}" of "${id}" in config.yaml`,
    });
  }
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

async function draftProvider(
  url: string,
  set: ProviderSet,
  options: ParsedOptions,
  context: Context,
): Promise<Provider> {
  const { target, path, href } = parseUrl(url);
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
  const isOwnWay = ['strategy', 'token-url', 'issuer', 'grant'].some((name) => options.has(name));
  const known = isOwnWay ? undefined : findInCatalogue(target, path);
  const entry: ProviderConfig = {
    id,
    ...(known ?? { domains: await domainsFor(target, options), entryUrl: href, ...strategyEntry(options) }),
    ...(networkProxy === undefined ? {} : { networkProxy }),
    ...(mode === undefined || mode === 'auto' ? {} : { loginMode: mode }),
  };
  const { provider, issues } = compileProvider(entry, context.env);
  if (issues.length > 0) {
    throw new SigError('E_USAGE', `Cannot add "${id}": ${issues[0]!.message}`, { hint: issues[0]!.hint });
  }
  return provider;
}

/**
 * The hosts of a new entry. A site and its `www.` are one to people, and sessions wander between
 * them; nothing else is guessed.
 */
async function domainsFor(target: Target, options: ParsedOptions): Promise<string[]> {
  const authority = authorityOf(target);
  const bare = target.host.replace(/^www\./, '');
  const parent = parentOf(bare);
  if (strategyOf(options) !== 'browser' || parent === undefined) return [authority];
  // The list is large: loaded only for a new site.
  const { isPublicSuffix } = await import('../../src/target/public_suffix.ts');
  if (!isPublicSuffix(parent) || isPublicSuffix(bare)) return [authority];
  const sibling = target.host === bare ? `www.${bare}` : bare;
  return [authority, authorityOf({ ...target, host: sibling })];
}

/** What a new entry says, by strategy: the forms of the documented examples. */
function strategyEntry(
  options: ParsedOptions,
): Pick<ProviderConfig, 'strategy' | 'extract' | 'apply' | 'oauth2' | 'sign'> {
  const strategy = strategyOf(options);
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
      const [tokenUrl, issuer, scope, redirectUri] = ['token-url', 'issuer', 'scope', 'redirect-uri'].map((name) =>
        options.value(name)
      );
      if (tokenUrl === undefined && issuer === undefined) {
        throw new SigError('E_USAGE', 'OAuth needs an endpoint', { hint: 'give --token-url URL or --issuer URL' });
      }
      const grant = readChoice<Grant>(options, 'grant', ['client_credentials', 'authorization_code', 'device_code']);
      if (grant !== undefined && grant !== 'client_credentials' && issuer === undefined) {
        throw new SigError('E_USAGE', `Grant "${grant}" needs the address of the server where a person signs in`, {
          hint: 'give --issuer URL',
        });
      }
      const scopes = scope?.split(/[ ,]+/).filter((one) => one !== '');
      return {
        strategy,
        oauth2: {
          ...(tokenUrl === undefined ? {} : { tokenUrl: parseUrl(tokenUrl).href }),
          ...(issuer === undefined ? {} : { issuer }),
          ...(scopes === undefined || scopes.length === 0 ? {} : { scopes }),
          ...(grant === undefined ? {} : { grant }),
          ...(redirectUri === undefined ? {} : { redirectUri: (parseLoopbackRedirect(redirectUri), redirectUri) }),
          ...(options.has('dpop') ? { dpop: true } : {}),
        },
        extract: [{ from: 'oauth2', as: 'access_token' }],
        apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
      };
    }
    case 'key': {
      const agent = options.value('signature-agent');
      if (agent === undefined || !URL.canParse(agent) || new URL(agent).href !== `${new URL(agent).origin}/`) {
        throw new SigError('E_USAGE', 'A login that is a key needs the origin that publishes it', {
          hint: 'give --signature-agent https://bot.example',
        });
      }
      return { strategy, extract: [], apply: [], sign: { profile: 'web-bot-auth', agent } };
    }
  }
}

function strategyOf(options: ParsedOptions): Strategy {
  const asked = readChoice(options, 'strategy', ['browser', 'oauth2', 'prompt', 'key'] as const);
  return asked ?? (['token-url', 'issuer', 'grant'].some((name) => options.has(name)) ? 'oauth2' : 'browser');
}

/** How a browser is to be used, as the command line says. */
export function readMode(options: ParsedOptions): 'auto' | 'headless' | 'visible' | undefined {
  return readChoice(options, 'mode', ['auto', 'headless', 'visible'] as const);
}

function readChoice<T extends string>(options: ParsedOptions, name: string, choices: readonly T[]): T | undefined {
  const value = options.value(name);
  if (value === undefined || choices.includes(value as T)) return value as T | undefined;
  throw new SigError('E_USAGE', `Unknown ${name} "${value}"`, { hint: `use ${choices.join(', ')}` });
}
