import type { Cookie } from '../credential/cookie.ts';
import type { Credential } from '../credential/credential.ts';
import type { SigcliCredential } from '../credential/import_sigcli.ts';
import { bindingOf } from '../provider/binding.ts';
import type { Provider } from '../provider/provider.ts';
import { Secret } from '../secret.ts';

/**
 * Makes a credential of what sigcli 1.x had stored for a provider. It kept all cookies as one text
 * without their attributes: each becomes a secure cookie of every host that the provider lists,
 * which is where sigcli sent it.
 */
export function adoptSigcli(provider: Provider, old: SigcliCredential): Credential {
  const values: Record<string, Secret> = {};
  const cookies: Cookie[] = [];
  for (const [key, value] of Object.entries(old.values)) {
    const isCookies = provider.extract.some((rule) => rule.as === key && rule.from === 'cookies');
    if (isCookies) cookies.push(...readCookies(value.reveal(), provider, old.updatedAtSec));
    else values[key] = value;
  }
  return {
    provider: provider.id,
    strategy: provider.strategy,
    obtainedAtSec: old.updatedAtSec,
    ...(old.expiresAtSec === undefined ? {} : { expiresAtSec: old.expiresAtSec }),
    values,
    ...(cookies.length === 0 ? {} : { cookies: new Secret(cookies) }),
    ...(old.oauth2 === undefined ? {} : { oauth2: old.oauth2 }),
    binding: bindingOf(provider),
  };
}

function readCookies(text: string, provider: Provider, createdAtSec: number): Cookie[] {
  const pairs = new Map<string, string>();
  for (const pair of text.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0) pairs.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return provider.domains.flatMap(({ host, wildcard }) =>
    [...pairs].map(([name, value]) => ({
      name,
      value,
      domain: host,
      hostOnly: !wildcard,
      path: '/',
      secure: true,
      httpOnly: true,
      createdAtSec,
    }))
  );
}
