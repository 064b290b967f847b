/** Which of its two parts a server plays: authorization server or resource server. Their nonces are apart (RFC 9449 §9). */
export type ServerRole = 'AS' | 'RS';

/** One nonce and who gave it. */
export interface NonceEntry {
  readonly role: ServerRole;
  /** Scheme, host and port, such as `https://api.example.com`. */
  readonly origin: string;
  readonly nonce: string;
  /** When it came, in milliseconds since 1970. */
  readonly atMs: number;
}

/**
 * Remembers the newest nonce of each server. One in memory is {@link createNonceStore}; another
 * may keep them in a file or a key-value store.
 */
export interface NonceStore {
  /** The newest nonce that this server gave in this role. */
  get(role: ServerRole, origin: string): string | undefined | Promise<string | undefined>;
  /** Keeps a nonce, unless a newer one is there. */
  put(entry: NonceEntry): void | Promise<void>;
}

/** A {@link NonceStore} in memory, whose content can be kept and brought back. */
export interface MemoryNonceStore extends NonceStore {
  get(role: ServerRole, origin: string): string | undefined;
  put(entry: NonceEntry): void;
  /** Everything in it, oldest first: plain data for JSON. */
  entries(): NonceEntry[];
}

// RFC 9449 §8.1: NQCHAR of RFC 6749 §A. The bound is ours: it keeps headers within what servers take.
const NONCE = /^[\x21\x23-\x5B\x5D-\x7E]{1,1024}$/;

/** Whether a text is a nonce by RFC 9449 §8.1, of at most 1024 characters. */
export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/**
 * Makes a nonce store in memory.
 *
 * @param options.entries what an earlier store held; malformed ones are left out
 * @param options.maxEntries how many servers are remembered; default 256. The one heard of least
 * recently goes first
 *
 * @example
 * ```ts
 * const nonces = createNonceStore({ entries: JSON.parse('[]') });
 * nonces.put({ role: 'RS', origin: 'https://api.example.com', nonce: 'n1', atMs: Date.now() });
 * JSON.stringify(nonces.entries()); // for the next process
 * ```
 */
export function createNonceStore(
  options: { readonly entries?: readonly NonceEntry[]; readonly maxEntries?: number } = {},
): MemoryNonceStore {
  const { entries = [], maxEntries = 256 } = options;
  if (!(maxEntries >= 1)) throw new RangeError('Parameter "maxEntries" must be at least 1');
  const byServer = new Map<string, NonceEntry>();
  const nameOf = (role: ServerRole, origin: string) => `${role} ${origin}`;
  const store: MemoryNonceStore = {
    get: (role, origin) => byServer.get(nameOf(role, origin))?.nonce,
    put: ({ role, origin, nonce, atMs }) => {
      const name = nameOf(role, origin);
      const known = byServer.get(name);
      if (!isNonce(nonce) || (known && known.atMs > atMs)) return;
      byServer.delete(name);
      byServer.set(name, { role, origin, nonce, atMs });
      for (const oldest of byServer.keys()) {
        if (byServer.size <= maxEntries) break;
        byServer.delete(oldest);
      }
    },
    entries: () => [...byServer.values()],
  };
  for (const entry of entries) {
    if (isEntry(entry)) store.put(entry);
  }
  return store;
}

/** Entries come from a file that something else may have written. */
function isEntry(entry: NonceEntry): boolean {
  return typeof entry === 'object' && entry !== null && (entry.role === 'AS' || entry.role === 'RS') &&
    typeof entry.origin === 'string' && typeof entry.nonce === 'string' && Number.isFinite(entry.atMs);
}
