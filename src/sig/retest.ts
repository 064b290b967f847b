import { type Credential, hasKeysFor, hasValues } from '../credential/credential.ts';
import { isSigError, type SigError } from '../errors.ts';
import type { Provider } from '../provider/provider.ts';
import type { Doubt } from './doubt.ts';
import { type FreshPorts, requireApproved } from './fresh.ts';

/**
 * Asks the site of a provider whether it accepts a login; see `createCheck`.
 *
 * @returns the login as the site's answers left it: some rotate the session at every one
 */
export type Check = (
  provider: Provider,
  credential: Credential,
) => Promise<{ readonly valid: 'yes' | 'no' | 'unknown'; readonly credential: Credential }>;

/** What putting logins to the test needs. */
export interface RetestPorts extends FreshPorts {
  readonly check: Check;
}

/**
 * Puts a login to the test that an answer speaks against, and renews it when its site refuses it.
 *
 * @param suspected the login that the request carried
 * @returns a newer login; `undefined` when there is none, since the site accepts this one, or nobody can say
 * @throws {SigError} E_LOGIN_REQUIRED when the site refuses it and a person must log in; E_POLICY_CHANGED, E_AUDIT
 */
export type Retest = (doubt: Doubt, suspected: Credential) => Promise<Credential | undefined>;

/** A login is put to the test at most so often, in milliseconds: a rule may be false of every answer but one. */
export const RETEST_MS = 60_000;

interface Tested {
  readonly atMs: number;
  /** `obtainedAtSec` of a login that its site refused and only a person can replace, and what to say of it. */
  readonly refused?: { readonly obtainedAtSec: number; readonly error: SigError } | undefined;
}

/**
 * Creates the test. `validateUrl` decides, never the answer that gave rise to it; so a rule that is false of other
 * answers costs one request a minute and renews nothing. Nothing is ever deleted, and one test is made at a time, across
 * processes. Each test is on record before it is made, each renewal when it is done.
 */
export function createRetest(ports: RetestPorts): Retest {
  const { credentials, clock, check, audit } = ports;
  const tested = new Map<string, Tested>();
  const flights = new Map<string, Promise<Credential | undefined>>();

  async function test(doubt: Doubt, suspected: Credential): Promise<Credential | undefined> {
    const { provider, why } = doubt;
    let isRenewed = false;
    let refused: Tested['refused'];
    await audit.write({ event: 'check', provider: provider.id, why });
    try {
      const stored = await credentials.update(provider.id, async (old) => {
        // Logged out meanwhile, or another process was faster.
        if (old === undefined || isNewer(provider, old, suspected)) return undefined;
        requireApproved(provider, old);
        const { valid, credential } = await check(provider, old);
        if (valid !== 'no') return credential === old ? undefined : credential;
        const renewed = await ports.renew(provider, old);
        isRenewed = true;
        return renewed;
      });
      if (isRenewed) await audit.write({ event: 'renew', provider: provider.id, why });
      return isRenewed || (stored && isNewer(provider, stored, suspected)) ? stored : undefined;
    } catch (error) {
      if (!isSigError(error) || error.code === 'E_AUDIT') throw error;
      // The answer is there: any other failure is no reason to withhold it.
      if (error.code !== 'E_LOGIN_REQUIRED') return undefined;
      refused = { obtainedAtSec: suspected.obtainedAtSec, error };
      throw error;
    } finally {
      tested.set(provider.id, { atMs: clock.now(), refused });
    }
  }

  return async (doubt, suspected) => {
    const { provider } = doubt;
    const flying = flights.get(provider.id);
    if (flying) return await flying;
    const stored = await credentials.open(provider.id);
    if (stored && isNewer(provider, stored, suspected)) {
      requireApproved(provider, stored);
      return stored;
    }
    const last = tested.get(provider.id);
    const ageMs = last ? clock.now() - last.atMs : Infinity;
    if (last && ageMs >= 0 && ageMs < RETEST_MS) {
      if (last.refused && last.refused.obtainedAtSec === suspected.obtainedAtSec) throw last.refused.error;
      return undefined;
    }
    // Two may have come as far as this at once.
    let flight = flights.get(provider.id);
    if (!flight) {
      flight = test(doubt, suspected).finally(() => flights.delete(provider.id));
      flights.set(provider.id, flight);
    }
    return await flight;
  };
}

/** Whether a login was obtained after another one; what a site sets in its answers makes none newer. */
function isNewer(provider: Provider, credential: Credential, than: Credential): boolean {
  return credential.obtainedAtSec > than.obtainedAtSec && hasValues(credential) &&
    hasKeysFor(credential, provider.config);
}
