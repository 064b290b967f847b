import { type Authority, coversHost, openAuthority } from '../certificate/authority.ts';
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts';
import { isSigError, SigError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { Secret } from '../secret.ts';
import type { Vault } from '../vault/vault.ts';
import { mintAuthority } from './leaf_issuer.ts';

/** Where the CA of this installation is kept, sealed (security case T5). */
export const AUTHORITY_RECORD = 'proxy/ca';

/** A CA that has less than this left is replaced, in seconds. */
const MIN_LEFT_SEC = 30 * 86_400;

/** A CA, and whether it is a new one that clients do not know yet. */
export interface StoredAuthority {
  readonly authority: Authority;
  readonly isNew: boolean;
}

/**
 * The CA of this installation: the stored one, or a new one when there is none, when it does not cover
 * all hosts, or when it will expire soon.
 *
 * @throws {SigError} what the vault throws
 */
export async function openStoredAuthority(
  vault: Pick<Vault, 'update'>,
  hosts: readonly string[],
  machine: string,
  clock: Clock,
): Promise<StoredAuthority> {
  let found: StoredAuthority | undefined;
  await vault.update(AUTHORITY_RECORD, async (current) => {
    const stored = current && await readAuthority(current.value);
    const leftSec = (stored?.certificate.notAfterSec ?? 0) - clock.now() / 1000;
    if (stored?.permittedHosts && leftSec > MIN_LEFT_SEC && hosts.every((host) => coversHost(stored, host))) {
      found = { authority: stored, isNew: false };
      return undefined;
    }
    const { authority, privateKeyDer } = await mintAuthority(hosts, machine, clock);
    found = { authority, isNew: true };
    return {
      format: 1,
      certificate: encodeBase64url(authority.certificate.der),
      key: encodeBase64url(privateKeyDer.reveal()),
    };
  });
  return found!;
}

async function readAuthority(json: unknown): Promise<Authority | undefined> {
  const record = json as Record<string, unknown> | null;
  if (typeof record?.certificate !== 'string' || typeof record.key !== 'string') {
    throw new SigError('E_CORRUPT', `Record "${AUTHORITY_RECORD}" is not in a format this version reads`);
  }
  try {
    return await openAuthority(decodeBase64url(record.certificate), new Secret(decodeBase64url(record.key)));
  } catch (error) {
    // What cannot sign is replaced; clients must be told to trust the next one anyway.
    if (isSigError(error, 'E_CORRUPT') || error instanceof TypeError) return undefined;
    throw error;
  }
}
