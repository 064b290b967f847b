/** What an IP address is, as far as policy cares. */
export type AddressClass = 'public' | 'loopback' | 'private' | 'metadata';

/** Credential services of clouds and of their containers. */
const METADATA_IPV4 = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
]);
/** `fd00:ec2::254`, `fd00:ec2::23`, `fd20:ce::254`. */
const METADATA_IPV6 = new Set(['fd00 ec2 254', 'fd00 ec2 23', 'fd20 ce 254']);

/**
 * Classifies an IPv4 or IPv6 address, as a resolver returns it (no brackets, no zone).
 * `metadata` is the address of a cloud's credential service, `private` everything that is not
 * reachable from the public network (RFC 1918, 4193, 6598, 3927, 4291, 6890), and what is no
 * address at all.
 *
 * IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4, Teredo) is judged as that IPv4 address.
 *
 * @example
 * ```ts
 * classifyAddress('::ffff:169.254.169.254'); // "metadata"
 * ```
 */
export function classifyAddress(address: string): AddressClass {
  return address.includes(':') ? classifyIpv6(address) : classifyIpv4(address);
}

/**
 * The 4 or 16 bytes of an address, as certificates carry it.
 *
 * @param address IPv4 or IPv6, with or without brackets
 * @throws {TypeError} when it is neither
 */
export function addressBytes(address: string): Uint8Array<ArrayBuffer> {
  const bytes = parseIpv4(address);
  if (bytes) return Uint8Array.from(bytes);
  const words = parseIpv6(address);
  if (!words) throw new TypeError('Parameter "address" is not an IP address');
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
}

function classifyIpv4(address: string): AddressClass {
  const bytes = parseIpv4(address);
  if (!bytes) return 'private';
  if (METADATA_IPV4.has(address)) return 'metadata';
  const [a, b, c] = bytes;
  // 0.0.0.0 reaches the local host on most systems.
  if (a === 127 || a === 0) return 'loopback';
  if (a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)) return 'private';
  if ((a === 100 && b >= 64 && b <= 127) || (a === 169 && b === 254)) return 'private';
  if (a === 192 && b === 0 && (c === 0 || c === 2)) return 'private';
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return 'private';
  if (a === 203 && b === 0 && c === 113) return 'private';
  return a >= 224 ? 'private' : 'public';
}

function classifyIpv6(address: string): AddressClass {
  const words = parseIpv6(address);
  if (!words) return 'private';
  const embedded = embeddedIpv4(words);
  if (embedded) return classifyIpv4(embedded);
  if (areZero(words, 0, 7)) return words[7] <= 1 ? 'loopback' : 'private';
  if (areZero(words, 2, 7) && METADATA_IPV6.has([words[0], words[1], words[7]].map(hex).join(' '))) return 'metadata';
  // Only 2000::/3 is assigned to the public network (RFC 4291 §2.4); 2001:db8::/32 and 3fff::/20 are for documents.
  if ((words[0] & 0xe000) !== 0x2000 || (words[0] === 0x2001 && words[1] === 0x0db8)) return 'private';
  return words[0] === 0x3fff && words[1] < 0x1000 ? 'private' : 'public';
}

type Words = [number, number, number, number, number, number, number, number];

function embeddedIpv4(words: Words): string | undefined {
  const dotted = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  const [first, second, , , , sixth, high, low] = words;
  if (areZero(words, 0, 5) && sixth === 0xffff) return dotted(high, low);
  if (areZero(words, 0, 6) && high !== 0) return dotted(high, low);
  // RFC 6052 §2.1. The prefixes beside it, 64:ff9b:1::/48, are for private use (RFC 8215).
  if (first === 0x64 && second === 0xff9b && areZero(words, 2, 6)) return dotted(high, low);
  if (first === 0x2002) return dotted(second, words[2]);
  // RFC 4380 §4: Teredo carries the client's address inverted.
  if (first === 0x2001 && second === 0) return dotted(high ^ 0xffff, low ^ 0xffff);
  return undefined;
}

function areZero(words: Words, from: number, to: number): boolean {
  return words.slice(from, to).every((word) => word === 0);
}

function hex(word: number): string {
  return word.toString(16);
}

function parseIpv4(text: string): [number, number, number, number] | undefined {
  const bytes = text.split('.');
  const isAddress = bytes.length === 4 &&
    bytes.every((byte) => /^(?:0|[1-9]\d{0,2})$/.test(byte) && Number(byte) < 256);
  return isAddress ? bytes.map(Number) as [number, number, number, number] : undefined;
}

function parseIpv6(text: string): Words | undefined {
  const plain = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const tail = /^(.*:)([^:]*\.[^:]*)$/.exec(plain);
  const last = tail ? parseIpv4(tail[2]!) : undefined;
  if (tail && !last) return undefined;
  const groups = last ? `${tail![1]}${hex((last[0] << 8) | last[1])}:${hex((last[2] << 8) | last[3])}` : plain;
  const halves = groups.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [left = [], right] = halves;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length > 2 || (right ? missing < 1 : missing !== 0)) return undefined;
  const all = right ? [...left, ...Array<string>(missing).fill('0'), ...right] : left;
  return all.every((word) => /^[0-9a-f]{1,4}$/i.test(word))
    ? all.map((word) => parseInt(word, 16)) as Words
    : undefined;
}
