import type { Bytes } from '../encoding/bytes.ts';

/** One text that must not come back, in one encoding. */
export interface Needle {
  readonly bytes: Bytes;
  readonly alphabet: Alphabet;
  readonly provider: string;
  /** What stands in its place, in the same encoding as the text around it. */
  readonly mark: Bytes;
}

/** Which bytes count as the same. */
export interface Alphabet {
  readonly name: 'exact' | 'hex' | 'base64';
  /** By byte: the one that stands for all that count as the same. */
  readonly fold: Uint8Array;
  /** By byte: all that count as the same, itself included. */
  readonly spellings: readonly (readonly number[])[];
}

/** Each byte is itself only. */
export const EXACT: Alphabet = alphabetOf('exact', {});
/** Digits of either case. */
export const HEX: Alphabet = alphabetOf('hex', { A: 'a', B: 'b', C: 'c', D: 'd', E: 'e', F: 'f' });
/** Both alphabets of RFC 4648 §4 and §5. */
export const BASE64: Alphabet = alphabetOf('base64', { '-': '+', _: '/' });

/** An alphabet in which each key counts as its value. */
function alphabetOf(name: Alphabet['name'], same: Readonly<Record<string, string>>): Alphabet {
  const fold = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const spellings = Array.from(fold, (byte) => [byte]);
  for (const [from, to] of Object.entries(same)) {
    const pair = [from.charCodeAt(0), to.charCodeAt(0)] as [number, number];
    fold[pair[0]] = pair[1];
    spellings[pair[0]] = spellings[pair[1]] = pair;
  }
  return { name, fold, spellings };
}
