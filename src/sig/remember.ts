import type { Taught } from '../dpop/attempt.ts';
import type { Clock } from '../ports.ts';
import type { Vault } from '../vault/vault.ts';
import { fetchThrough } from './fetch.ts';
import { withLearned } from './learned.ts';
import type { Sig } from './sig.ts';

const RECORD = 'learned/nonces';

/**
 * The path for a program that ends after a request: nonces and clocks that servers taught are kept for
 * the next one. It spares each a refusal, and a body that cannot be sent twice has its nonce at last.
 *
 * @param make creates the path with what is known
 */
export function remembering(
  vault: Pick<Vault, 'open' | 'update'>,
  clock: Clock,
  make: (taught: Taught) => Sig,
): Sig {
  const request: Sig['request'] = (head, body, options) =>
    withLearned(
      vault,
      RECORD,
      (learned) => make({ ...learned, now: () => clock.now() }).request(head, body, options),
    );
  return { request, fetch: (input, options) => fetchThrough(request, input, options) };
}
