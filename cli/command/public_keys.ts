import type { Credential } from '../../src/credential/credential.ts';

/** The RFC 7638 thumbprints of a login's keys by their use, such as `dpop`; nothing where it has none. */
export async function publicKeys(
  { keys }: Credential,
): Promise<{ readonly keys?: Readonly<Record<string, string>> }> {
  if (keys === undefined) return {};
  const { jwkThumbprint } = await import('../../src/encoding/jwk_thumbprint.ts');
  const named = Object.entries(keys).map(async ([name, key]: [string, NonNullable<Credential['keys']>['dpop']]) =>
    [name, await jwkThumbprint(key!.reveal())] as const
  );
  return { keys: Object.fromEntries(await Promise.all(named)) };
}
