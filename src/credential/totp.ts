import { decodeBase32, encodeBase32 } from '../encoding/base32.ts';
import { SigError } from '../errors.ts';
import { Secret } from '../secret.ts';

/** Hash of a one-time password, as `otpauth:` addresses name it. */
export type TotpAlgorithm = 'SHA1' | 'SHA256' | 'SHA512';

/** Everything that one-time passwords are made of (RFC 6238). */
export interface TotpSeed {
  /** The key in base32 without padding, upper case. */
  readonly key: Secret;
  readonly algorithm: TotpAlgorithm;
  /** 6 to 8. */
  readonly digits: number;
  /** Seconds that one code lives. */
  readonly periodSec: number;
}

const HASHES = { SHA1: 'SHA-1', SHA256: 'SHA-256', SHA512: 'SHA-512' } as const;
/** A pasted code instead of a seed has fewer; no service gives a seed so short. */
const MIN_KEY = 5;
const MAX_KEY = 256;

/**
 * Reads what a service shows when two-factor login is set up: the seed in base32, or the
 * `otpauth://totp/…` address behind the QR code.
 *
 * @throws {SigError} E_TOTP when it is neither
 *
 * @example
 * ```ts
 * parseTotp('JBSW Y3DP EHPK 3PXP').digits; // 6
 * ```
 */
export function parseTotp(text: string): TotpSeed {
  const trimmed = text.trim();
  return /^otpauth:/i.test(trimmed)
    ? parseAddress(trimmed)
    : { key: readKey(trimmed), algorithm: 'SHA1', digits: 6, periodSec: 30 };
}

/**
 * The one-time password of a moment.
 *
 * @returns `digits` decimal digits, leading zeros kept
 */
export async function totpCode(seed: TotpSeed, nowSec: number): Promise<string> {
  return await hotpCode(seed, Math.floor(nowSec / seed.periodSec));
}

/** Seconds until the code of a moment is replaced by the next one; at least a little over 0. */
export function totpSecondsLeft(seed: TotpSeed, nowSec: number): number {
  return seed.periodSec - (nowSec % seed.periodSec);
}

/** The one-time password of a counter value (RFC 4226 §5.3). */
export async function hotpCode(seed: TotpSeed, counter: number): Promise<string> {
  const message = new DataView(new ArrayBuffer(8));
  message.setBigUint64(0, BigInt(counter));
  const algorithm = { name: 'HMAC', hash: HASHES[seed.algorithm] };
  const key = await crypto.subtle.importKey('raw', decodeBase32(seed.key.reveal()), algorithm, false, ['sign']);
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, message.buffer));
  // RFC 4226 §5.4, dynamic truncation: the last nibble says where the number stands.
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf;
  const number = mac.getUint32(offset) & 0x7fffffff;
  return String(number % 10 ** seed.digits).padStart(seed.digits, '0');
}

/** The Key URI format, as authenticator apps read it. */
function parseAddress(text: string): TotpSeed {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The cause would quote the address, and with it the seed.
    throw badSeed('it is not an address');
  }
  const kind = (url.host || url.pathname.replace(/^\/*/, '').split('/')[0])!.toLowerCase();
  if (kind !== 'totp') throw badSeed('it is not of type "totp"', 'seeds that count uses ("hotp") are not supported');
  const algorithm = (url.searchParams.get('algorithm') ?? 'SHA1').toUpperCase().replace('-', '');
  if (!Object.hasOwn(HASHES, algorithm)) throw badSeed('its algorithm is none of SHA1, SHA256 and SHA512');
  return {
    key: readKey(url.searchParams.get('secret') ?? ''),
    algorithm: algorithm as TotpAlgorithm,
    digits: readNumber(url, 'digits', 6, 6, 8),
    periodSec: readNumber(url, 'period', 30, 5, 300),
  };
}

function readNumber(url: URL, name: string, standard: number, least: number, most: number): number {
  const text = url.searchParams.get(name);
  if (text === null) return standard;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) throw badSeed(`its ${name} is not a number from ${least} to ${most}`);
  return number;
}

function readKey(text: string): Secret {
  let bytes;
  try {
    bytes = decodeBase32(text);
  } catch (cause) {
    throw badSeed('it is not base32', 'paste the seed that the service shows for "cannot scan the code"', cause);
  }
  if (bytes.length < MIN_KEY || bytes.length > MAX_KEY) throw badSeed(`it has ${bytes.length} bytes`);
  return new Secret(encodeBase32(bytes));
}

function badSeed(why: string, hint?: string, cause?: unknown): SigError {
  return new SigError('E_TOTP', `Cannot use the one-time password seed: ${why}`, { hint, cause });
}
