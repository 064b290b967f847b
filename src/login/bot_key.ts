import type { Credential } from '../credential/credential.ts';
import { exportKey, generateKey } from '../encoding/signing_key.ts';
import type { Clock } from '../ports.ts';
import { bindingOf } from '../provider/binding.ts';
import type { Provider } from '../provider/provider.ts';
import { Secret } from '../secret.ts';

/**
 * Gives a login the key that its requests are signed with, where the provider says
 * `sign: web-bot-auth`. The key of the login before stays, since others know it by its published half;
 * after a logout there is none, and a new one is made.
 */
export async function withBotKey(
  provider: Provider,
  credential: Credential,
  old: Credential | undefined,
): Promise<Credential> {
  if (provider.config.sign === undefined) return credential;
  const webBotAuth = old?.keys?.webBotAuth ?? new Secret(await makeKey());
  return { ...credential, keys: { ...credential.keys, webBotAuth } };
}

/** The login of strategy `key`: nothing but the key that {@link withBotKey} gives it. */
export function obtainKey(provider: Provider, clock: Clock): Credential {
  return {
    provider: provider.id,
    strategy: 'key',
    obtainedAtSec: Math.floor(clock.now() / 1000),
    values: {},
    binding: bindingOf(provider),
  };
}

/** Ed25519: what every verifier of Web Bot Auth knows. */
async function makeKey(): Promise<JsonWebKey> {
  return await exportKey(await generateKey('Ed25519', { extractable: true }));
}
