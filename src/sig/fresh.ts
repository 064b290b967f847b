import { type Credential, hasKeysFor, hasValues, isExpired } from '../credential/credential.ts';
import type { Credentials } from '../credential/credentials.ts';
import { isSigError, SigError } from '../errors.ts';
import type { AuditSink, Clock } from '../ports.ts';
import { bindingOf, widenings } from '../provider/binding.ts';
import type { Provider } from '../provider/provider.ts';

/** What keeps credentials fresh. */
export interface FreshPorts {
  readonly credentials: Credentials & {
    /** A credential that is open already, so that nobody has to wait for it. */
    readonly peek?: (providerId: string) => Credential | undefined;
  };
  readonly clock: Clock;
  /** Is told of each renewal, and why it was. */
  readonly audit: AuditSink;
  /** Obtains a new credential without a person, or throws. */
  readonly renew: (provider: Provider, old: Credential | undefined) => Promise<Credential>;
}

/** Gives out credentials that are good to use now; renews at most once at a time, across processes. */
export interface Freshness {
  /**
   * At once where it is open already.
   *
   * @throws {SigError} E_LOGIN_REQUIRED, E_POLICY_CHANGED, and what the vault or the renewal throws
   */
  current(provider: Provider): Credential | Promise<Credential>;
  /** A newer credential than the one that a site refused. @throws {SigError} as `current` */
  after(provider: Provider, refused: Credential): Promise<Credential>;
}

/** Why a login is renewed: it is missing or comes to its end, or a server refused it. */
type Reason = 'age' | 'status 401';

/** Renew this long before the end, in seconds, or at nine tenths of a shorter life. */
const MARGIN_SEC = 30;

/** Creates the single flight over credentials. */
export function createFreshness(ports: FreshPorts): Freshness {
  const flights = new Map<string, Promise<Credential>>();

  /** Joins a renewal of this process that is under way, or takes the lease and renews if it is still needed. */
  function renew(
    provider: Provider,
    isStale: (credential: Credential) => boolean,
    why: Reason,
  ): Promise<Credential> {
    const flying = flights.get(provider.id);
    if (flying) return flying;
    const flight = renewUnderLease(provider, isStale, why).finally(() => flights.delete(provider.id));
    flights.set(provider.id, flight);
    return flight;
  }

  async function renewUnderLease(
    provider: Provider,
    isStale: (credential: Credential) => boolean,
    why: Reason,
  ): Promise<Credential> {
    let isRenewed = false;
    const stored = await ports.credentials.update(provider.id, async (old) => {
      if (old !== undefined) requireApproved(provider, old);
      // Whoever held the lease before may have renewed it.
      if (old !== undefined && isUsable(provider, old) && !isStale(old)) return undefined;
      try {
        const renewed = await ports.renew(provider, old);
        isRenewed = true;
        return renewed;
      } catch (error) {
        // A renewal ahead of time may fail for a passing reason: the old login still works.
        const nowSec = ports.clock.now() / 1000;
        const isPassing = isSigError(error) && error.exitCode === 6;
        if (isPassing && why === 'age' && old !== undefined && isUsable(provider, old) && !isExpired(old, nowSec)) {
          return undefined;
        }
        throw error;
      }
    });
    // Only now: what was renewed must be stored, whatever becomes of its record.
    if (isRenewed) await ports.audit.write({ event: 'renew', provider: provider.id, why });
    return stored!;
  }

  const isStaleNow = (credential: Credential): boolean => {
    const { expiresAtSec, obtainedAtSec } = credential;
    if (expiresAtSec === undefined) return false;
    const marginSec = Math.min(MARGIN_SEC, (expiresAtSec - obtainedAtSec) / 10);
    return isExpired(credential, ports.clock.now() / 1000, marginSec);
  };

  function isGood(provider: Provider, credential: Credential | undefined): credential is Credential {
    if (credential === undefined) return false;
    requireApproved(provider, credential);
    return isUsable(provider, credential) && !isStaleNow(credential);
  }

  async function open(provider: Provider): Promise<Credential> {
    const stored = await ports.credentials.open(provider.id);
    return isGood(provider, stored) ? stored : await renew(provider, isStaleNow, 'age');
  }

  return {
    current(provider) {
      const known = ports.credentials.peek?.(provider.id);
      return isGood(provider, known) ? known : open(provider);
    },
    async after(provider, refused) {
      const isRefused = (credential: Credential) =>
        credential.obtainedAtSec === refused.obtainedAtSec && sameValues(credential, refused);
      return await renew(provider, isRefused, 'status 401');
    },
  };
}

/** Whether there is anything to authenticate with, and the keys to sign with. */
function isUsable(provider: Provider, credential: Credential): boolean {
  return hasValues(credential) && hasKeysFor(credential, provider.config);
}

function sameValues(a: Credential, b: Credential): boolean {
  const reveal = (credential: Credential) =>
    JSON.stringify([
      Object.entries(credential.values).map(([key, value]) => [key, value.reveal()]),
      credential.cookies?.reveal().map((cookie) => [cookie.name, cookie.domain, cookie.path, cookie.value]),
    ]);
  return reveal(a) === reveal(b);
}

/** Logins, and the entry that each was found to be made for. */
const approved = new WeakMap<Credential, Provider>();

/**
 * Security case C7: an edited config.yaml must not lead a login to new places by itself.
 *
 * @throws {SigError} E_POLICY_CHANGED
 */
export function requireApproved(provider: Provider, credential: Credential): void {
  if (approved.get(credential) === provider) return;
  const found = widenings(credential.binding, bindingOf(provider));
  if (found.length === 0) return void approved.set(credential, provider);
  throw new SigError(
    'E_POLICY_CHANGED',
    `Config of "${provider.id}" allows more than its login was made for: ${found.join(', ')}`,
    {
      hint: `if you made this change, approve it: sig config approve ${provider.id}`,
      provider: provider.id,
    },
  );
}
