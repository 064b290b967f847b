/**
 * Edits of config.yaml. Text is spliced, never written anew: every byte outside the entry that
 * changes stays, comments and blank lines included. The result is read again before it is handed
 * out; when anything else than the intended change happened, there is no result.
 *
 * @module
 */

import { SigError } from '../errors.ts';
import { requireProviderId } from '../provider_id.ts';
import type { Config, ProviderConfig } from './config.ts';
import { findEntries, type FoundEntry } from './entries.ts';
import { parseConfig } from './parse.ts';
import { defaultRules } from './provider_entry.ts';
import { applySplices, insertEntry, removeEntry } from './splice.ts';
import { readTree } from './tree.ts';
import { entryData, scalar } from './write_entry.ts';

/**
 * Adds a provider under `providers:`, after the ones that are there.
 *
 * @param entry what to write; it must not hold secrets
 * @returns the new text
 * @throws {SigError} E_EXISTS when the id is taken
 * @throws {SigError} E_ID when the id is not well-formed
 * @throws {SigError} E_CONFIG when the text is not YAML, or the entry has a mistake
 * @throws {SigError} E_INTERNAL when the text is written in a way that cannot be edited
 *
 * @example
 * ```ts
 * const text = addProvider('', { id: 'jira', domains: ['jira.example.com'], strategy: 'browser', … });
 * ```
 */
export function addProvider(text: string, entry: ProviderConfig): string {
  requireProviderId(entry.id);
  const { root, entries } = open(text);
  if (entries.some(({ id }) => id === entry.id)) {
    throw new SigError('E_EXISTS', `Provider "${entry.id}" is in config.yaml already`, { provider: entry.id });
  }
  const result = applySplices(text, insertEntry(text, root, entry));
  const after = parseConfig(result);
  const mistake = after.issues.find(({ provider }) => provider === entry.id);
  if (mistake) {
    throw new SigError('E_CONFIG', `Cannot add provider "${entry.id}": ${mistake.message}`, {
      hint: mistake.hint,
      provider: entry.id,
    });
  }
  const added = after.providers.find(({ id }) => id === entry.id);
  verify(added !== undefined && same(entryData(added), entryData(withDefaults(entry))), entry.id);
  verifyOthers(parseConfig(text), after, entry.id, entry.id);
  return result;
}

/**
 * Removes a provider's entry. Comments above it stay.
 *
 * @returns the new text
 * @throws {SigError} E_NO_PROVIDER when there is none with that id
 * @throws {SigError} E_CONFIG when the text is not YAML
 * @throws {SigError} E_INTERNAL when the text is written in a way that cannot be edited
 */
export function removeProvider(text: string, id: string): string {
  const found = requireEntry(open(text).entries, id);
  const result = applySplices(text, removeEntry(text, found.parent, found.entry));
  const after = parseConfig(result);
  verifyOthers(parseConfig(text), after, id, id);
  verify(open(result).entries.every((other) => other.id !== id), id);
  return result;
}

/**
 * Renames a provider's entry; nothing but its key changes.
 *
 * @returns the new text
 * @throws {SigError} E_NO_PROVIDER when there is none with that id
 * @throws {SigError} E_EXISTS when the new id is taken
 * @throws {SigError} E_ID when the new id is not well-formed
 * @throws {SigError} E_CONFIG when the text is not YAML
 * @throws {SigError} E_INTERNAL when the text is written in a way that cannot be edited
 */
export function renameProvider(text: string, from: string, to: string): string {
  requireProviderId(to);
  const { entries } = open(text);
  const { entry } = requireEntry(entries, from);
  if (entries.some(({ id }) => id === to)) {
    throw new SigError('E_EXISTS', `Provider "${to}" is in config.yaml already`, { provider: to });
  }
  const result = applySplices(text, [{ start: entry.keyStart, end: entry.keyEnd, text: scalar(to) }]);
  const before = parseConfig(text);
  const after = parseConfig(result);
  const expected = before.providers.find(({ id }) => id === from);
  const renamed = after.providers.find(({ id }) => id === to);
  verify(same(expected && { ...expected, id: to }, renamed), from);
  verifyOthers(before, after, from, to);
  return result;
}

function open(text: string): { root: ReturnType<typeof readTree>['root']; entries: FoundEntry[] } {
  const { root, problems } = readTree(text);
  const isMap = root === undefined || root.kind === 'map';
  if ((root === undefined && problems.length > 0) || !isMap) {
    throw new SigError('E_CONFIG', `Cannot edit config.yaml: ${problems[0]?.message ?? 'the file must be a map'}`, {
      hint: 'correct it by hand first',
    });
  }
  return { root, entries: findEntries(root, { report: () => {}, mark: () => {} }) };
}

function requireEntry(entries: readonly FoundEntry[], id: string): FoundEntry {
  const matching = entries.filter((entry) => entry.id === id);
  if (matching.length === 1) return matching[0]!;
  if (matching.length > 1) {
    throw new SigError('E_CONFIG', `Cannot edit provider "${id}": it is defined twice`, { provider: id });
  }
  throw new SigError('E_NO_PROVIDER', `No provider "${id}" in config.yaml`, { provider: id });
}

function withDefaults(entry: ProviderConfig): ProviderConfig {
  const { extract, apply } = defaultRules(entry.strategy);
  return {
    ...entry,
    extract: entry.extract.length > 0 ? entry.extract : extract,
    apply: entry.apply.length > 0 ? entry.apply : apply,
  };
}

/** The other providers, and the mistakes elsewhere, must be what they were. */
function verifyOthers(before: Config, after: Config, idBefore: string, idAfter: string): void {
  const others = (config: Config, id: string) => config.providers.filter((provider) => provider.id !== id);
  const mistakes = (config: Config, id: string) =>
    config.issues.filter(({ provider }) => provider !== id).map(({ provider, message }) => [provider, message]);
  verify(same(others(before, idBefore), others(after, idAfter)), idAfter);
  verify(same(mistakes(before, idBefore), mistakes(after, idAfter)), idAfter);
}

function verify(holds: boolean, provider: string): void {
  if (holds) return;
  throw new SigError('E_INTERNAL', 'Cannot edit config.yaml: it is written in a way that this edit would break', {
    hint: 'edit it by hand',
    provider,
  });
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** With the keys of all objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value).sort().map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
  );
}
