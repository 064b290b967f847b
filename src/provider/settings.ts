import type { OAuth2Config } from '../config/config.ts';
import { SigError } from '../errors.ts';
import type { SendOptions } from '../ports.ts';
import { hostKind } from '../target/host.ts';
import type { Target } from '../target/target.ts';
import type { Provider } from './provider.ts';
import { expandEnvironment } from './template.ts';

/** Answers with an environment variable's value, or `undefined` when it is not set. */
export type Environment = (name: string) => string | undefined;

/**
 * A config string with its `${NAME}` read from the environment, at the moment of use.
 *
 * @param setting the setting's name, for the error
 * @throws {SigError} E_ENV_UNSET
 */
export function readSetting(provider: Provider, setting: string, text: string, env: Environment): string {
  const expanded = expandEnvironment(text, env);
  if ('text' in expanded) return expanded.text;
  throw new SigError(
    'E_ENV_UNSET',
    `Provider "${provider.id}" reads "${setting}" from ${expanded.unset}, which is not set`,
    {
      hint: `export ${expanded.unset}=…`,
      provider: provider.id,
    },
  );
}

/**
 * How a request of this provider is sent to a target. Private addresses may be dialled when the
 * provider says so, and when config.yaml itself names `localhost` or an address: that is no
 * name which a resolver could turn elsewhere.
 */
export function sendOptionsOf(provider: Provider, target: Target, env: Environment): SendOptions {
  const { networkProxy, caFile } = provider.config;
  const allowPrivate = provider.allowPrivate || target.host === 'localhost' || hostKind(target.host) !== 'name';
  if (networkProxy === undefined && caFile === undefined) return allowPrivate ? ANYWHERE : PUBLIC_ONLY;
  return {
    ...(networkProxy === undefined ? {} : { networkProxy: readSetting(provider, 'networkProxy', networkProxy, env) }),
    ...(caFile === undefined ? {} : { caFile: readSetting(provider, 'caFile', caFile, env) }),
    allowPrivate,
  };
}

/** What nearly all requests are sent with. */
const ANYWHERE: SendOptions = { allowPrivate: true };
const PUBLIC_ONLY: SendOptions = { allowPrivate: false };

/** The text settings of an OAuth provider, environment read. Unset names are an error only when used. */
export function readOAuth2(
  provider: Provider,
  key: Exclude<keyof OAuth2Config, 'scopes' | 'grant' | 'authMethod' | 'dpop'>,
  env: Environment,
): string | undefined {
  const text = provider.config.oauth2?.[key];
  return text === undefined ? undefined : readSetting(provider, key, text, env);
}
