/**
 * Reading one value of config.yaml: what it must be, and what is said when it is not. Messages
 * never hold a value that could be a secret.
 *
 * @module
 */

import { suggest } from './suggest.ts';
import type { MapNode, Node } from './tree.ts';

/** Steps from a provider entry to a value, as the parsed data names them. */
export type Path = readonly (string | number)[];

/** Where mistakes and places are gathered while an entry is read. */
export interface Scope {
  report(offset: number, message: string, hint?: string): void;
  /** Remembers where the value of a path stands. */
  mark(path: Path, offset: number): void;
}

/** A value to be read. */
export interface Field {
  readonly scope: Scope;
  readonly path: Path;
  /** How messages call it, such as `"ttl"`. */
  readonly label: string;
  readonly node: Node;
  /** Where mistakes about the value are shown. */
  readonly offset: number;
}

/** A field at a new place. */
export function makeField(scope: Scope, path: Path, label: string, node: Node, offset: number): Field {
  scope.mark(path, offset);
  return { scope, path, label, node, offset };
}

/**
 * The values of a map by key. Keys that are not known are mistakes; a misspelt one is then read as
 * the key it was meant to be, so that its value is checked too and nothing is called missing.
 *
 * @param foreign keys of older formats, and what to say about them
 */
export function openMap(
  map: MapNode,
  path: Path,
  scope: Scope,
  known: readonly string[],
  foreign: Readonly<Record<string, string>> = {},
): Map<string, Field> {
  const fields = new Map<string, Field>();
  const written = new Set(map.entries.map((entry) => entry.key));
  for (const { key: asWritten, keyStart, value, valueStart } of map.entries) {
    let key: string | undefined = asWritten;
    if (!known.includes(asWritten)) {
      reportUnknownKey(scope, asWritten, keyStart, known, foreign);
      key = Object.hasOwn(foreign, asWritten) ? undefined : suggest(asWritten, known);
      if (key !== undefined && written.has(key)) continue;
    }
    if (key === undefined || fields.has(key)) continue;
    const offset = value.kind === 'scalar' && value.value !== null ? valueStart : keyStart;
    fields.set(key, makeField(scope, [...path, key], JSON.stringify(key), value, offset));
  }
  return fields;
}

/** Says that a key is unknown, and what it may have been meant to be. */
export function reportUnknownKey(
  scope: Scope,
  key: string,
  offset: number,
  known: readonly string[],
  foreign: Readonly<Record<string, string>> = {},
): void {
  const meant = suggest(key, known);
  const hint = Object.hasOwn(foreign, key)
    ? foreign[key]
    : key === '<<'
    ? 'merge keys are not part of YAML 1.2'
    : meant === undefined
    ? `known here: ${known.join(', ')}`
    : `did you mean "${meant}"?`;
  scope.report(offset, `unknown key ${JSON.stringify(key.slice(0, 80))}`, hint);
}

/** A text that is not empty. */
export function readText(field: Field | undefined): string | undefined {
  if (!field) return undefined;
  const { node, scope, offset, label } = field;
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    if (node.value.trim() !== '') return node.value;
    scope.report(offset, `${label} is empty`);
  } else if (node.kind === 'scalar' && node.value === null) {
    scope.report(offset, `${label} has no value`);
  } else {
    const is = node.kind === 'scalar' ? `a ${typeof node.value}` : `a ${node.kind}`;
    scope.report(offset, `${label} must be text, not ${is}`, node.kind === 'scalar' ? 'put it in quotes' : undefined);
  }
  return undefined;
}

const ENV_BEGINS = /\$\{(?![A-Za-z_][A-Za-z0-9_]*\})/;

/** A text in which `${NAME}` stands for an environment variable. */
export function readEnvironmentText(field: Field | undefined): string | undefined {
  const text = readText(field);
  if (text !== undefined && ENV_BEGINS.test(text)) {
    field!.scope.report(
      field!.offset,
      `${field!.label} has "\${" without the name of an environment variable`,
      'write ${NAME}: letters, digits and "_"',
    );
    return undefined;
  }
  return text;
}

/** Whether a text names environment variables, so that its value is not known yet. */
export function hasEnvironment(text: string): boolean {
  return text.includes('${');
}

/** `true` or `false`. */
export function readFlag(field: Field | undefined): boolean | undefined {
  if (!field) return undefined;
  const { node, scope, offset, label } = field;
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  const written = node.kind === 'scalar' ? String(node.value).toLowerCase() : '';
  const meant = MEANT.get(written);
  scope.report(offset, `${label} must be true or false`, meant === undefined ? undefined : `did you mean ${meant}?`);
  return undefined;
}

const MEANT = new Map([
  ...['yes', 'on', 'y', '1', 'true'].map((word) => [word, true] as const),
  ...['no', 'off', 'n', '0', 'false'].map((word) => [word, false] as const),
]);

/** One word out of a closed list. */
export function readChoice<T extends string>(field: Field | undefined, choices: readonly T[]): T | undefined {
  const text = readText(field);
  if (text === undefined) return undefined;
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  const meant = suggest(text, choices);
  field!.scope.report(
    field!.offset,
    `${field!.label} cannot be ${JSON.stringify(text.slice(0, 80))}`,
    meant === undefined ? `one of: ${choices.join(', ')}` : `did you mean "${meant}"?`,
  );
  return undefined;
}

/**
 * The items of a list with at least one, each read by `read`; those that it cannot read are left
 * out. Each item keeps its place under the index that it gets.
 */
export function readList<T>(
  field: Field | undefined,
  read: (item: Field) => T | undefined,
  example: string,
): T[] | undefined {
  if (!field) return undefined;
  const { node, scope, offset, label, path } = field;
  if (node.kind !== 'list') {
    const isEmpty = node.kind === 'scalar' && node.value === null;
    scope.report(offset, isEmpty ? `${label} has no value` : `${label} must be a list`, `write ${example}`);
    return undefined;
  }
  if (node.items.length === 0) scope.report(offset, `${label} is an empty list`, `write ${example}`);
  const values: T[] = [];
  for (const item of node.items) {
    const value = read(makeField(scope, [...path, values.length], `item of ${label}`, item, item.start));
    if (value !== undefined) values.push(value);
  }
  return values;
}

/** The fields of a value that must be a map. */
export function readMap(field: Field, known: readonly string[], what: string): Map<string, Field> | undefined {
  const { node, scope, offset, path } = field;
  if (node.kind === 'map') return openMap(node, path, scope, known);
  scope.report(offset, `${what} must be a map`, `with ${known.join(', ')}`);
  return undefined;
}
