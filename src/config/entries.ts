import { reportUnknownKey, type Scope } from './field.ts';
import { PROVIDER_KEYS } from './provider_entry.ts';
import { suggest } from './suggest.ts';
import type { Entry, MapNode, Node } from './tree.ts';

/** A provider entry in the file. */
export interface FoundEntry {
  readonly id: string;
  readonly entry: Entry;
  /** The map that holds it: the value of `providers:`, or the whole file. */
  readonly parent: MapNode;
}

/** Settings of sigcli 1.x that stand beside its providers. */
const SIGCLI_SECTIONS: Readonly<Record<string, string>> = Object.fromEntries(
  ['mode', 'browser', 'storage', 'remotes', 'watch']
    .map((key) => [key, 'this is a setting of sigcli 1.x; "sig import sigcli" converts such a file']),
);

/**
 * Finds the provider entries of a file, in file order: those under `providers:` and, at the top
 * level, each key whose value looks like one.
 */
export function findEntries(root: Node | undefined, scope: Scope): FoundEntry[] {
  if (root === undefined) return [];
  if (root.kind !== 'map') {
    scope.report(root.start, 'the file must be a map', 'begin with "providers:"');
    return [];
  }
  const found: FoundEntry[] = [];
  for (const entry of root.entries) {
    if (entry.key === 'providers') found.push(...openProviders(entry, scope));
    else if (looksLikeProvider(entry.value)) found.push({ id: entry.key, entry, parent: root });
    else reportUnknownKey(scope, entry.key, entry.keyStart, ['providers'], SIGCLI_SECTIONS);
  }
  return found;
}

function openProviders(providers: Entry, scope: Scope): FoundEntry[] {
  const { value } = providers;
  if (value.kind === 'map') return value.entries.map((entry) => ({ id: entry.key, entry, parent: value }));
  if (value.kind === 'list' || value.value !== null) {
    scope.report(providers.keyStart, '"providers" must be a map', 'from a provider id to its settings');
  }
  return [];
}

/** A map with `domains` is a provider; one with a provider's other keys was meant to be one. */
function looksLikeProvider(node: Node): boolean {
  return node.kind === 'map' &&
    node.entries.some(({ key }) => PROVIDER_KEYS.includes(key) || suggest(key, ['domains']) !== undefined);
}
