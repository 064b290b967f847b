import { lookup } from 'node:dns/promises';
import { SigError } from '../../../src/errors.ts';
import { classifyAddress } from '../../../src/target/address.ts';
import { hostKind } from '../../../src/target/host.ts';
import { bareHost } from './route.ts';

/** Finds the addresses of a name. Tests bring their own. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Names that clouds give their credential service. They matter where a proxy looks names up for us. */
const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data.ec2.internal']);

/** Asks the system's resolver. */
export const systemLookup: Lookup = async (name) => {
  return (await lookup(name, { all: true })).map((found) => found.address);
};

/**
 * The addresses that may be dialled for a host. It is looked up once, every address is judged, and what
 * is returned is what is dialled, so that no second answer can slip in between (security case H14).
 *
 * @param host canonical host of a target
 * @param allowPrivate whether loopback and private addresses are acceptable
 * @throws {SigError} E_UPSTREAM when the name is not found, E_PRIVATE_ADDRESS when one address is refused
 */
export async function resolveHost(host: string, allowPrivate: boolean, lookup: Lookup): Promise<readonly string[]> {
  checkName(host);
  const addresses = hostKind(host) === 'name' ? await lookUp(host, lookup) : [bareHost(host)];
  for (const address of addresses) checkAddress(host, address, allowPrivate);
  return addresses;
}

/**
 * Judges a host that somebody else looks up: an address is judged as such, a name by itself.
 *
 * @throws {SigError} E_PRIVATE_ADDRESS
 */
export function checkUnresolved(host: string, allowPrivate: boolean): void {
  checkName(host);
  if (hostKind(host) !== 'name') checkAddress(host, bareHost(host), allowPrivate);
}

function checkName(host: string): void {
  if (METADATA_NAMES.has(host)) throw refused(host, 'it is the credential service of a cloud');
}

function checkAddress(host: string, address: string, allowPrivate: boolean): void {
  const found = classifyAddress(address);
  if (found === 'public') return;
  // Never, not even with allowPrivate (security case H15).
  if (found === 'metadata') throw refused(host, `${address} is the credential service of a cloud`);
  if (allowPrivate) return;
  throw refused(host, `${address} is a ${found} address`, 'set "allowPrivate: true" on the provider if that is meant');
}

async function lookUp(host: string, lookup: Lookup): Promise<readonly string[]> {
  let addresses: readonly string[] = [];
  let cause: unknown;
  try {
    addresses = await lookup(host);
  } catch (error) {
    cause = error;
  }
  if (addresses.length > 0) return addresses;
  throw new SigError('E_UPSTREAM', `Cannot find host "${host}"`, {
    hint: 'check its spelling and your network',
    cause,
  });
}

function refused(host: string, why: string, hint?: string): SigError {
  return new SigError('E_PRIVATE_ADDRESS', `Cannot connect to "${host}": ${why}`, { hint });
}
