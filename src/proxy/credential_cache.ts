import type { Credential } from '../credential/credential.ts';
import type { Credentials } from '../credential/credentials.ts';
import type { Clock } from '../ports.ts';

/** What the proxy needs of the credentials. */
export type OpenCredentials = Pick<Credentials, 'open' | 'update'>;

/**
 * Credentials that are not opened anew for each request. What another process changes is seen after a
 * moment; what this process changes at once.
 *
 * @param keepMs how long an opened credential is used. Default 1,000
 */
export function cacheCredentials<T extends OpenCredentials>(
  credentials: T,
  clock: Clock,
  keepMs = 1_000,
): T & { forget(): void } {
  type Kept = Map<string, { readonly credential: Promise<Credential | undefined>; readonly untilMs: number }>;
  let current: Kept = new Map();
  const keep = (kept: Kept, id: string, credential: Promise<Credential | undefined>) => {
    const entry = { credential, untilMs: clock.now() + keepMs };
    kept.set(id, entry);
    // What could not be opened this time may be there the next.
    credential.catch(() => kept.get(id) === entry && kept.delete(id));
    return credential;
  };
  return {
    ...credentials,
    open(id) {
      const entry = current.get(id);
      const nowMs = clock.now();
      if (entry && nowMs < entry.untilMs && nowMs >= entry.untilMs - keepMs) return entry.credential;
      return keep(current, id, credentials.open(id));
    },
    async update(id, change) {
      // What is under way when all is forgotten leaves nothing behind.
      const kept = current;
      try {
        const after = await credentials.update(id, change);
        keep(kept, id, Promise.resolve(after));
        return after;
      } catch (error) {
        kept.delete(id);
        throw error;
      }
    },
    /** Forgets all that was opened (security case S24). */
    forget() {
      current = new Map();
    },
  };
}
