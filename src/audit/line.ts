/**
 * Audit records as text: one line of printable ASCII each, whatever an attacker put into a header,
 * a path or a provider's answer (security case R13).
 *
 * @module
 */

import type { AuditEvent } from '../ports.ts';

/** Characters of a text; what is beyond is counted. */
export const MAX_TEXT = 512;
/** Items of a list. */
export const MAX_ITEMS = 32;
/** Characters of an item. */
export const MAX_ITEM_TEXT = 128;
/** Fields of an event. */
export const MAX_FIELDS = 24;

/** Where a record stands in its chain. */
export interface ChainPosition {
  /** Counts from 1; 0 before the first record. */
  readonly seq: number;
  /** The record's own MAC, base64url. */
  readonly mac: string;
}

/** A record, read back. */
export interface AuditRecord extends ChainPosition {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly event: string;
  /** The MAC of the record before. */
  readonly prev: string;
  readonly [field: string]: string | number | boolean | readonly string[] | undefined;
}

const FIELD_NAME = /^[A-Za-z][A-Za-z0-9]{0,31}$/;
const RESERVED = new Set(['seq', 'time', 'prev', 'mac']);

/**
 * An event's own part of a record.
 *
 * @throws {TypeError} when a field's name is the chain's own, or not a name
 */
export type FormatFields = (event: AuditEvent) => string;

/** Formats one event. */
export const formatFields: FormatFields = (event) => createFieldFormat()(event);

/**
 * Formats many events, each of which says most of what the one before it said: a field that is the same, at the same
 * place, is neither checked nor written anew.
 */
export function createFieldFormat(): FormatFields {
  const keys: string[] = [];
  const values: FieldValue[] = [];
  const texts: string[] = [];
  /** All of `texts`, unless one of them was changed since. */
  let whole: string | undefined;

  function put(at: number, key: string, value: FieldValue): void {
    const isKnown = at < texts.length && keys[at] === key;
    if (isKnown && isSame(values[at]!, value)) return;
    if (!isKnown && at > 0 && !isFieldName(key)) throw new TypeError(`event: field ${JSON.stringify(key)}`);
    texts[at] = `${at === 0 ? '' : ','}"${key}":${formatValue(value)}`;
    keys[at] = key;
    values[at] = typeof value === 'object' ? value.slice() : value;
    whole = undefined;
  }

  return (event) => {
    put(0, 'event', event.event);
    let count = 1;
    // The engine reads the values along with the names, which it does not for a list of names.
    for (const key in event) {
      if (key === 'event' || !Object.hasOwn(event, key)) continue;
      const value = event[key];
      if (value === undefined) continue;
      if (count === MAX_FIELDS) throw new TypeError(`event: more than ${MAX_FIELDS} fields`);
      put(count++, key, value);
    }
    if (texts.length !== count) {
      texts.length = count;
      whole = undefined;
    }
    if (whole === undefined) {
      whole = '';
      for (const text of texts) whole += text;
    }
    return whole;
  };
}

function isFieldName(key: string): boolean {
  return FIELD_NAME.test(key) && !RESERVED.has(key);
}

/** Lists are compared by what is in them: whoever has one may change it. */
function isSame(known: FieldValue, value: FieldValue): boolean {
  if (known === value) return true;
  if (typeof known !== 'object' || typeof value !== 'object' || known.length !== value.length) return false;
  for (let i = 0; i < known.length; i++) {
    if (known[i] !== value[i]) return false;
  }
  return true;
}

/**
 * The text of a record that its MAC covers: everything but the MAC, without the closing brace.
 *
 * @param fields from {@link formatFields}
 * @param nowMs milliseconds since 1970
 */
export function formatRecord(fields: string, previous: ChainPosition, nowMs: number): string {
  return `{"seq":${previous.seq + 1},"time":"${timeOf(nowMs)}",${fields},"prev":"${previous.mac}"`;
}

/** The time that was asked for last: a busy log has many records of one millisecond. */
let lastMs = 0;
let lastTime = new Date(0).toISOString();

function timeOf(ms: number): string {
  if (ms !== lastMs) {
    lastTime = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastTime;
}

/** The whole line, without its line end. */
export function sealRecord(body: string, mac: string): string {
  return `${body},"mac":"${mac}"}`;
}

const SEALED = /^(\{"seq":(\d{1,15}),"time":"[^"]*",.*,"prev":"[A-Za-z0-9_-]{43}"),"mac":"[A-Za-z0-9_-]{43}"\}$/;

/**
 * Takes a line apart. Says nothing about whether it is authentic.
 *
 * @returns nothing when the line is not a record
 */
export function openRecord(line: string): { readonly body: string; readonly record: AuditRecord } | undefined {
  const found = SEALED.exec(line);
  if (!found) return undefined;
  try {
    return { body: found[1]!, record: { ...JSON.parse(line) as AuditRecord, seq: Number(found[2]) } };
  } catch {
    // A line that only looks like a record is none.
    return undefined;
  }
}

type FieldValue = Exclude<AuditEvent[string], undefined>;

function formatValue(value: FieldValue): string {
  if (typeof value === 'string') return formatText(value, MAX_TEXT);
  if (typeof value !== 'object') return JSON.stringify(value);
  const items = value.slice(0, MAX_ITEMS).map((item) => formatText(item, MAX_ITEM_TEXT));
  if (value.length > MAX_ITEMS) items.push(`"[+${value.length - MAX_ITEMS} more]"`);
  return `[${items.join(',')}]`;
}

/** Text that is JSON as it stands. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** JSON in printable ASCII: no byte of it can move a cursor, end a line or hide. */
function formatText(text: string, max: number): string {
  if (text.length <= max && PLAIN.test(text)) return `"${text}"`;
  const kept = text.length <= max ? text : `${text.slice(0, max)}[+${text.length - max} more]`;
  return JSON.stringify(kept).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
