import { type Bytes, encodeUtf8 } from '../encoding/bytes.ts';
import type { Secret } from '../secret.ts';

/** The cost parameters of scrypt (RFC 7914 §2). */
export interface ScryptCost {
  /** CPU and memory cost: a power of two from 2 to 2^20. */
  readonly n: number;
  /** Block size: 1 to 16. Memory is 128·n·r bytes, at most 1 GiB. */
  readonly r: number;
  /** Parallelisation: 1 to 16. */
  readonly p: number;
}

/** scrypt itself, 32 bytes long; the platform's. */
export type Scrypt = (passphrase: Bytes, salt: Bytes, cost: ScryptCost) => Promise<Bytes>;

/** What new vaults use: 128 MiB and about half a second. */
export const DEFAULT_SCRYPT_COST: ScryptCost = { n: 131_072, r: 8, p: 1 };

const MAX_BLOCKS = 2 ** 23; // n·r: 1 GiB of memory
const MAX_WORK = 2 ** 24; // n·r·p: 16 times the default

/** Whether a cost is within bounds. A stored cost is not used before this says yes (security case S2). */
export function isScryptCost({ n, r, p }: ScryptCost): boolean {
  const isPowerOfTwo = Number.isInteger(n) && n >= 2 && n <= 2 ** 20 && (n & (n - 1)) === 0;
  const isSmall = (x: number) => Number.isInteger(x) && x >= 1 && x <= 16;
  return isPowerOfTwo && isSmall(r) && isSmall(p) && n * r <= MAX_BLOCKS && n * r * p <= MAX_WORK;
}

/**
 * Makes a key from a passphrase.
 *
 * @param passphrase taken in its NFC form, so that it does not depend on the keyboard (RFC 8265 §4.2)
 * @param salt 16 random bytes
 * @returns 32 bytes
 * @throws {RangeError} when the cost is out of bounds
 */
export function stretchPassphrase(passphrase: Secret, salt: Bytes, cost: ScryptCost, scrypt: Scrypt): Promise<Bytes> {
  if (!isScryptCost(cost)) throw new RangeError('The scrypt cost is out of bounds');
  return scrypt(encodeUtf8(passphrase.reveal().normalize('NFC')), salt, cost);
}
