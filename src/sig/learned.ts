import type { ClockOffsets } from '../dpop/clock_offset.ts';
import { createNonceStore, type MemoryNonceStore, type NonceEntry } from '../dpop/nonce_store.ts';
import { isSigError } from '../errors.ts';
import type { Vault } from '../vault/vault.ts';

/** What servers have taught: their newest nonces, and how far their clocks are from ours. */
export interface Learned {
  readonly nonces: MemoryNonceStore;
  readonly clockOffsets: ClockOffsets & Iterable<[string, number]>;
}

/**
 * Does work with what servers taught before, and keeps what they teach meanwhile, whether the work
 * succeeds or not.
 *
 * @param record where it is kept, such as `agent/nonces`
 */
export async function withLearned<T>(
  vault: Pick<Vault, 'open' | 'update'>,
  record: string,
  work: (learned: Learned) => Promise<T>,
): Promise<T> {
  const learned = read((await vault.open(record).catch(leave))?.value);
  const before = JSON.stringify(plain(learned));
  try {
    return await work(learned);
  } finally {
    if (JSON.stringify(plain(learned)) !== before) {
      await vault.update(record, (current) => {
        // Another process may have learnt too; of each server the newest nonce stays.
        const merged = read(current?.value);
        for (const entry of learned.nonces.entries()) merged.nonces.put(entry);
        for (const [origin, offsetMs] of learned.clockOffsets) merged.clockOffsets.set(origin, offsetMs);
        return plain(merged);
      }).catch(leave);
    }
  }
}

/** What cannot be read or kept is learnt anew in one request: no reason to lose the answer. */
function leave(error: unknown): undefined {
  if (!isSigError(error)) throw error;
  return undefined;
}

function plain({ nonces, clockOffsets }: Learned): Record<string, unknown> {
  return { format: 1, nonces: nonces.entries(), clockOffsets: [...clockOffsets] };
}

/** Nonces are learnt anew in one request, so what cannot be read is left out. */
function read(value: unknown): Learned {
  const { nonces, clockOffsets } = (value ?? {}) as { nonces?: unknown; clockOffsets?: unknown };
  const offsets = Array.isArray(clockOffsets)
    ? clockOffsets.filter((entry): entry is [string, number] =>
      Array.isArray(entry) && typeof entry[0] === 'string' && Number.isFinite(entry[1])
    )
    : [];
  return {
    nonces: createNonceStore({ entries: Array.isArray(nonces) ? nonces as NonceEntry[] : [] }),
    clockOffsets: new Map(offsets),
  };
}
