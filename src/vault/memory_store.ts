import type { Bytes } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import { isSetAside, nameSetAside, requireStoreKey, type Store, type StoreEntry } from '../ports.ts';

/**
 * A {@link Store} that forgets everything with its process: for tests, and where records live no
 * longer than that. A lease is waited for as long as it takes.
 *
 * @param now milliseconds since 1970, for the names of what is set aside; the system's by default
 */
export function createMemoryStore(now: () => number = Date.now): Store {
  const entries = new Map<string, StoreEntry>();
  const lastInLine = new Map<string, Promise<void>>();
  let writes = 0;

  const write = (key: string, bytes: Bytes): string => {
    const etag = `${++writes}`;
    entries.set(key, { bytes: bytes.slice(), etag });
    return etag;
  };

  return {
    async get(key) {
      const entry = entries.get(requireStoreKey(key));
      return entry && { bytes: entry.bytes.slice(), etag: entry.etag };
    },
    async put(key, bytes, ifEtag) {
      const etag = entries.get(requireStoreKey(key))?.etag ?? null;
      if (ifEtag !== undefined && ifEtag !== etag) throw new SigError('E_CONFLICT', `"${key}" was changed meanwhile`);
      return write(key, bytes);
    },
    async remove(key) {
      entries.delete(requireStoreKey(key));
    },
    async setAside(key) {
      const entry = entries.get(requireStoreKey(key));
      if (!entry) throw new SigError('E_STORE', `Cannot set "${key}" aside: it is not there`);
      const kept = nameSetAside(key, now(), (name) => entries.has(name));
      entries.set(kept, entry);
      entries.delete(key);
      return kept;
    },
    async list(folder) {
      requireStoreKey(`${folder}/any`);
      return [...entries.keys()].filter((key) => key.startsWith(`${folder}/`) && !isSetAside(key)).sort();
    },
    async lease(name) {
      const before = lastInLine.get(requireStoreKey(name));
      let end = () => {};
      const held = new Promise<void>((resolve) => end = resolve);
      lastInLine.set(name, held);
      await before;
      return {
        async release() {
          if (lastInLine.get(name) === held) lastInLine.delete(name);
          end();
        },
      };
    },
  };
}
