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
): T & { peek(id: string): Credential | undefined; forget(): void } {
  interface Entry {
    readonly credential: Promise<Credential | undefined>;
    readonly untilMs: number;
    /** Once it is open. */
    opened: Credential | undefined;
  }
  type Kept = Map<string, Entry>;
  let current: Kept = new Map();
  const isFresh = (entry: Entry | undefined): entry is Entry => {
    const nowMs = clock.now();
    return entry !== undefined && nowMs < entry.untilMs && nowMs >= entry.untilMs - keepMs;
  };
  const keep = (kept: Kept, id: string, credential: Promise<Credential | undefined>) => {
    const entry: Entry = { credential, untilMs: clock.now() + keepMs, opened: undefined };
    kept.set(id, entry);
    // What could not be opened this time may be there the next.
    credential.then((opened) => entry.opened = opened, () => kept.get(id) === entry && kept.delete(id));
    return credential;
  };
  return {
    ...credentials,
    open(id) {
      const entry = current.get(id);
      return isFresh(entry) ? entry.credential : keep(current, id, credentials.open(id));
    },
    /** What is open already; `undefined` when it is to be asked for by `open`. */
    peek(id) {
      const entry = current.get(id);
      return isFresh(entry) ? entry.opened : undefined;
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
