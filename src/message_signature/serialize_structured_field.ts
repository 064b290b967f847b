import { encodeBase64 } from '../encoding/base64.ts';
import { encodeUtf8 } from '../encoding/bytes.ts';
import {
  type BareItem,
  type Dictionary,
  isInnerList,
  type Item,
  type Member,
  type Parameters,
} from './structured_field.ts';

const KEY = /^[a-z*][a-z0-9_\-.*]*$/;
const STRING = /^[\x20-\x7E]*$/;
const TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/;
const MAX_INTEGER = 999_999_999_999_999;

/**
 * Writes a dictionary in its one strict form (RFC 9651 §4.1.2).
 *
 * @throws {TypeError} when a value cannot be written
 *
 * @example
 * ```ts
 * serializeDictionary(new Map([['a', { value: 1, params: new Map() }]])); // "a=1"
 * ```
 */
export function serializeDictionary(dictionary: Dictionary): string {
  return [...dictionary].map(([key, member]) => {
    if ('value' in member && member.value === true) return serializeKey(key) + serializeParams(member.params);
    return `${serializeKey(key)}=${serializeMember(member)}`;
  }).join(', ');
}

/** Writes a list (RFC 9651 §4.1.1). */
export function serializeList(members: readonly Member[]): string {
  return members.map(serializeMember).join(', ');
}

/** Writes an item or an inner list (RFC 9651 §4.1.1.1 and §4.1.3). */
export function serializeMember(member: Member): string {
  if (isInnerList(member)) return `(${member.items.map(serializeItem).join(' ')})${serializeParams(member.params)}`;
  return serializeItem(member);
}

function serializeItem(item: Item): string {
  return serializeBare(item.value) + serializeParams(item.params);
}

function serializeParams(params: Parameters): string {
  return [...params].map(([key, value]) => `;${serializeKey(key)}${value === true ? '' : `=${serializeBare(value)}`}`)
    .join('');
}

function serializeKey(key: string): string {
  return KEY.test(key) ? key : fail('a key');
}

function serializeBare(value: BareItem): string {
  if (typeof value === 'string') {
    return STRING.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : fail('a string');
  }
  if (typeof value === 'number') return integer(value);
  if (typeof value === 'boolean') return value ? '?1' : '?0';
  if (value instanceof Uint8Array) return `:${encodeBase64(value)}:`;
  switch (value.type) {
    case 'token':
      return TOKEN.test(value.value) ? value.value : fail('a token');
    case 'decimal':
      return decimal(value.value);
    case 'date':
      return `@${integer(value.value)}`;
    case 'displayString':
      return `%"${displayString(value.value)}"`;
  }
}

function integer(value: number): string {
  return Number.isInteger(value) && Math.abs(value) <= MAX_INTEGER ? String(value) : fail('an integer');
}

function decimal(value: number): string {
  const text = value.toFixed(3).replace(/0{1,2}$/, '');
  return /^-?\d{1,12}\.\d{1,3}$/.test(text) ? text : fail('a decimal');
}

function displayString(value: string): string {
  let text = '';
  for (const byte of encodeUtf8(value)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x22;
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

function fail(what: string): never {
  throw new TypeError(`Cannot write ${what} of a structured field`);
}
