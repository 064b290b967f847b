import {
  type Authority,
  coversHost,
  createAuthority,
  createLeafKey,
  issueLeaf,
  type LeafKey,
} from '../certificate/authority.ts';
import { encodeHex } from '../encoding/hex.ts';
import { type Bytes, randomBytes } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { Secret } from '../secret.ts';

/** A certificate and its key, PEM, and when it should be replaced. */
export interface IssuedLeaf {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Milliseconds since 1970. */
  readonly renewAtMs: number;
}

/** Makes the certificates that the proxy answers with. */
export interface LeafIssuer {
  /** @throws {SigError} E_HOST_NOT_ALLOWED when no CA may name the host */
  issue(host: string): Promise<IssuedLeaf>;
  /** Adds a CA. Clients that know only the others go on working for the hosts of those. */
  add(authority: Authority): void;
  /** PEM of all CAs, for whoever is to trust them. */
  readonly certificatesPem: string;
  /** Whether each of these hosts can be named. */
  covers(hosts: readonly string[]): boolean;
}

/** Makes an issuer. Its one leaf key is made when it is first needed, and never leaves the process. */
export function createLeafIssuer(first: Authority, clock: Clock): LeafIssuer {
  const authorities = [first];
  let key: Promise<LeafKey> | undefined;
  return {
    async issue(host) {
      const authority = authorities.find((each) => coversHost(each, host));
      if (!authority) {
        throw new SigError('E_HOST_NOT_ALLOWED', `The proxy CA may not sign for "${host}"`, {
          hint: 'start the proxy anew: its CA then covers every provider',
        });
      }
      const leafKey = await (key ??= createLeafKey());
      const leaf = await issueLeaf(authority, { hosts: [host], key: leafKey, nowSec: clock.now() / 1000 });
      const lifeSec = leaf.notAfterSec - leaf.notBeforeSec;
      return {
        certificatePem: leaf.certificatePem,
        privateKeyPem: leafKey.privateKeyPem.reveal(),
        renewAtMs: (leaf.notAfterSec - lifeSec / 5) * 1000,
      };
    },
    add: (authority) => void authorities.push(authority),
    get certificatesPem() {
      return authorities.map((authority) => authority.certificatePem).join('');
    },
    covers: (hosts) => hosts.every((host) => authorities.some((authority) => coversHost(authority, host))),
  };
}

/**
 * Makes a CA for these hosts and no others.
 *
 * @param machine what tells this machine from others, for lists of trusted CAs
 * @param lifeSec seconds; a year by default
 */
export async function mintAuthority(
  hosts: readonly string[],
  machine: string,
  clock: Clock,
  lifeSec?: number,
): Promise<{ authority: Authority; privateKeyDer: Secret<Bytes> }> {
  const date = new Date(clock.now()).toISOString().slice(0, 10);
  const name = machine.replace(/[^\w.-]/g, '').slice(0, 32);
  return await createAuthority({
    commonName: `sig ${name} ${date} ${encodeHex(randomBytes(4))}`,
    nowSec: clock.now() / 1000,
    lifeSec,
    // A CA without hosts would be one for all of them.
    permittedHosts: hosts.length > 0 ? hosts : ['invalid'],
  });
}
