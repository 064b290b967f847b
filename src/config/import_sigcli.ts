import { SigError } from '../errors.ts';
import { toProviderId } from '../provider_id.ts';
import type { ProviderConfig } from './config.ts';
import { findEntries, type FoundEntry } from './entries.ts';
import { parseConfig } from './parse.ts';
import { PROVIDER_KEYS } from './provider_entry.ts';
import { type Node, readTree } from './tree.ts';
import { blockLines, type Data, entryData } from './write_entry.ts';

/** What a sigcli 1.x configuration says, in the form of this one. */
export interface SigcliConfig {
  readonly providers: readonly ProviderConfig[];
  /** The providers as a config.yaml of their own; empty when there are none. */
  readonly text: string;
  /** What was left out or changed, one line each. */
  readonly notes: readonly SigcliNote[];
}

/** Something that a person should know about an import. */
export interface SigcliNote {
  readonly provider?: string;
  readonly message: string;
}

/**
 * Converts the `config.yaml` of sigcli 1.x. A provider that cannot be taken over is left out, with
 * a note; its siblings are not.
 *
 * @throws {SigError} E_IMPORT when the file is not YAML, or not a map
 */
export function importSigcliConfig(text: string): SigcliConfig {
  const { root, problems } = readTree(text);
  const [problem] = problems;
  if (problem || (root !== undefined && root.kind !== 'map')) {
    throw new SigError('E_IMPORT', `Cannot import "config.yaml": ${problem?.message ?? 'the file is not a map'}`);
  }
  const notes: SigcliNote[] = [];
  const found = findEntries(root, { report: () => {}, mark: () => {} });
  const taken = new Set<Node>(found.map(({ entry }) => entry.value));
  for (const { key, value } of root?.entries ?? []) {
    if (key !== 'providers' && !taken.has(value)) notes.push({ message: `setting ${quote(key)} is not taken over` });
  }
  const providers = new Map<string, ProviderConfig>();
  for (const entry of found) {
    const provider = convert(entry, notes);
    if (!provider) continue;
    if (providers.has(provider.id)) {
      notes.push({ provider: provider.id, message: `left out: ${quote(entry.id)} would be a second one of that id` });
    } else providers.set(provider.id, provider);
  }
  const data = Object.fromEntries([...providers.values()].map((provider) => [provider.id, entryData(provider)]));
  return {
    providers: [...providers.values()],
    text: providers.size === 0 ? '' : `${blockLines({ providers: data }, 0).join('\n')}\n`,
    notes,
  };
}

/** The entry in our form, or nothing and a note. */
function convert({ id: written, entry }: FoundEntry, notes: SigcliNote[]): ProviderConfig | undefined {
  const id = toProviderId(written);
  if (id === undefined || entry.value.kind !== 'map') {
    notes.push({ message: `provider ${quote(written)} is left out: its id or its form cannot be used` });
    return undefined;
  }
  const data = adapt(plain(entry.value) as { [key: string]: Data }, (message) => notes.push({ provider: id, message }));
  // What the result must be is said once, by the parser.
  const { providers, issues } = parseConfig(blockLines({ [id]: data }, 0).join('\n'));
  for (const { message } of issues) notes.push({ provider: id, message: `left out: ${message}` });
  return issues.length === 0 ? providers[0] : undefined;
}

/** Renames and drops what this configuration does not have. */
function adapt(entry: { [key: string]: Data }, note: (message: string) => void): { [key: string]: Data } {
  const adapted = Object.fromEntries(Object.entries(entry).filter(([key]) => PROVIDER_KEYS.includes(key)));
  for (const key of Object.keys(entry)) {
    if (!PROVIDER_KEYS.includes(key) && key !== 'forceVisible') note(`setting ${quote(key)} is not taken over`);
  }
  if (adapted.loginMode === 'cdp' || (entry.forceVisible === true && adapted.loginMode === undefined)) {
    adapted.loginMode = 'visible';
    note('"loginMode" is now "visible"');
  }
  if (Array.isArray(adapted.extract)) adapted.extract = adapted.extract.map(adaptExtract);
  return adapted;
}

/** Early versions wrote `name` and `key` for `as` and `match`. */
function adaptExtract(rule: Data): Data {
  if (typeof rule !== 'object' || Array.isArray(rule)) return rule;
  const { name, key, ...rest } = rule as { [key: string]: Data };
  return { ...(name === undefined ? {} : { as: name }), ...(key === undefined ? {} : { match: key }), ...rest };
}

function plain(node: Node): Data {
  if (node.kind === 'list') return node.items.map(plain);
  if (node.kind === 'map') return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  if (typeof node.value === 'boolean') return node.value;
  return node.value === null ? '' : String(node.value);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
