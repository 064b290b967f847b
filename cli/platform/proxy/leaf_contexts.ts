import tls, { type SecureContext } from 'node:tls';
import type { LeafIdentity } from './core.ts';

/** Contexts that are kept: on Node each costs more than a hundred kilobytes (security case T10). */
const MAX_CONTEXTS = 512;

/** TLS contexts for the hosts that the proxy answers for. */
export interface LeafContexts {
  /** @throws {SigError} what making the leaf throws */
  contextFor(host: string): Promise<SecureContext>;
  /** Forgets all, after the CA changed. */
  clear(): void;
}

/**
 * Makes the store: one leaf for each host, made once, made anew before it expires.
 *
 * @param now milliseconds since 1970
 */
export function createLeafContexts(
  leaf: (host: string) => Promise<LeafIdentity>,
  now: () => number = Date.now,
): LeafContexts {
  const contexts = new Map<string, Promise<{ readonly context: SecureContext; readonly renewAtMs: number }>>();

  async function make(host: string) {
    const { certificatePem, privateKeyPem, renewAtMs } = await leaf(host);
    const context = tls.createSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' });
    return { context, renewAtMs };
  }

  function add(host: string) {
    const made = make(host);
    contexts.delete(host);
    contexts.set(host, made);
    made.catch(() => contexts.get(host) === made && contexts.delete(host));
    if (contexts.size > MAX_CONTEXTS) contexts.delete(contexts.keys().next().value!);
    return made;
  }

  return {
    async contextFor(host) {
      const kept = contexts.get(host);
      if (kept) {
        const { context, renewAtMs } = await kept;
        if (now() < renewAtMs) return context;
      }
      return (await add(host)).context;
    },
    clear: () => contexts.clear(),
  };
}
