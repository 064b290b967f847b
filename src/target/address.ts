/** What an IP address is, as far as policy cares. */
export type AddressClass = 'public' | 'loopback' | 'private' | 'metadata';

const METADATA = new Set(['169.254.169.254', '100.100.100.200', '169.254.170.2', '168.63.129.16']);

/**
 * Classifies an IPv4 or IPv6 address, as a resolver returns it (no brackets, no zone).
 * `metadata` is the address of a cloud's credential service, `private` everything that is not
 * reachable from the public network (RFC 1918, 4193, 6598, 3927, 4291, 6890).
 *
 * IPv4 inside IPv6 (mapped, NAT64, 6to4) is judged as that IPv4 address.
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
  if (/^\d+(?:\.\d+){3}$/.test(address)) return Uint8Array.from(address.split('.').map(Number));
  const words = expandIpv6(address);
  if (!words) throw new TypeError('Parameter "address" is not an IP address');
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
}

function classifyIpv4(address: string): AddressClass {
  if (METADATA.has(address)) return 'metadata';
  const [a = 0, b = 0, c = 0] = address.split('.').map(Number);
  if (a === 127) return 'loopback';
  // 0.0.0.0 reaches the local host on most systems.
  if (a === 0) return 'loopback';
  if (a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)) return 'private';
  if ((a === 100 && b >= 64 && b <= 127) || (a === 169 && b === 254)) return 'private';
  if (a === 192 && b === 0 && (c === 0 || c === 2)) return 'private';
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return 'private';
  if (a === 203 && b === 0 && c === 113) return 'private';
  return a >= 224 ? 'private' : 'public';
}

function classifyIpv6(address: string): AddressClass {
  const words = expandIpv6(address);
  if (!words) return 'private';
  const embedded = embeddedIpv4(words);
  if (embedded) return classifyIpv4(embedded);
  if (words.slice(0, 7).every((word) => word === 0)) return words[7]! <= 1 ? 'loopback' : 'private';
  // fd00:ec2::254 is the credential service of AWS.
  if (words[0] === 0xfd00 && words[1] === 0x0ec2 && words[7] === 0x0254) return 'metadata';
  const first = words[0]!;
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80 || (first & 0xffc0) === 0xfec0) return 'private';
  if ((first & 0xff00) === 0xff00 || (first === 0x2001 && words[1] === 0x0db8) || first === 0x0100) return 'private';
  return 'public';
}

function embeddedIpv4(words: readonly number[]): string | undefined {
  const dotted = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  const zeros = (count: number) => words.slice(0, count).every((word) => word === 0);
  if (zeros(5) && words[5] === 0xffff) return dotted(words[6]!, words[7]!);
  if (zeros(6) && words[6] !== 0) return dotted(words[6]!, words[7]!);
  if (words[0] === 0x64 && words[1] === 0xff9b) return dotted(words[6]!, words[7]!);
  if (words[0] === 0x2002) return dotted(words[1]!, words[2]!);
  return undefined;
}

function expandIpv6(address: string): number[] | undefined {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '').replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) => `${((+a << 8) | +b).toString(16)}:${((+c << 8) | +d).toString(16)}`,
  );
  const [head = '', tail] = plain.split('::');
  const read = (part: string) => (part === '' ? [] : part.split(':').map((word) => parseInt(word, 16)));
  const left = read(head);
  const right = tail === undefined ? [] : read(tail);
  const words = tail === undefined
    ? left
    : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
  return words.length === 8 && words.every((word) => word >= 0 && word <= 0xffff) ? words : undefined;
}
