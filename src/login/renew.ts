import { type Credential, hasKeysFor, hasValues, isExpired } from '../credential/credential.ts';
import { SigError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { obtainBound } from './bound_tokens.ts';
import { withBotKey } from './bot_key.ts';
import { canObtainSilently, type OAuth2Ports, obtainOAuth2 } from './oauth2.ts';

/**
 * Obtains a new credential without a person, or throws. What {@link createSig} calls when a
 * credential is missing, expired or refused.
 */
export type Renew = (provider: Provider, old: Credential | undefined) => Promise<Credential>;

/** What renewing needs of the world. */
export interface RenewPorts extends OAuth2Ports {
  /** Renews a browser login headlessly; absent where there is no browser. */
  readonly renewBrowser?: Renew;
}

/**
 * The silent renewal of every strategy: OAuth by refresh token or client credentials, browser by
 * the given function, a pasted token never.
 *
 * @example
 * ```ts
 * const sig = createSig({ …, renew: createRenewal({ send, clock, env }) });
 * ```
 */
export function createRenewal(ports: RenewPorts): Renew {
  return async (provider, old) => {
    if (old !== undefined && lacksOnlyBotKey(provider, old, ports.clock)) return await withBotKey(provider, old, old);
    if (provider.strategy === 'oauth2' && canObtainSilently(provider, old?.oauth2, ports.env)) {
      const credential = await obtainBound(
        provider,
        old?.keys?.dpop,
        ports,
        (signing) => obtainOAuth2(provider, old?.oauth2, signing),
      );
      return await withBotKey(provider, credential, old);
    }
    if (provider.strategy === 'browser' && ports.renewBrowser && old !== undefined) {
      return await withBotKey(provider, await ports.renewBrowser(provider, old), old);
    }
    const state = old === undefined ? 'is not logged in' : 'has no valid login any more';
    throw new SigError('E_LOGIN_REQUIRED', `Provider "${provider.id}" ${state}`, {
      hint: `sig login ${provider.id}`,
      provider: provider.id,
    });
  };
}

/** Whether `sign: web-bot-auth` came to a login that is good by itself: no person has to log in again for that. */
function lacksOnlyBotKey(provider: Provider, old: Credential, clock: Clock): boolean {
  const { config } = provider;
  return !hasKeysFor(old, config) && hasKeysFor(old, { ...config, sign: undefined }) && hasValues(old) &&
    !isExpired(old, clock.now() / 1000);
}
