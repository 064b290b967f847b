import type { AllowRule, ProviderConfig } from './config.ts';
import { formatDuration } from './duration.ts';

/** What a YAML value is made of here. */
export type Data = string | boolean | readonly Data[] | { readonly [key: string]: Data };

/** A provider entry as the map that stands in the file, keys in their usual order. */
export function entryData(entry: ProviderConfig): { readonly [key: string]: Data } {
  const { oauth2 = {}, sign } = entry;
  const data = {
    name: entry.name,
    domains: entry.domains,
    entryUrl: entry.entryUrl,
    strategy: entry.strategy,
    ...oauth2,
    validateUrl: entry.validateUrl,
    validateRule: entry.validateRule,
    loginMode: entry.loginMode,
    loginUrlPatterns: entry.loginUrlPatterns,
    ttl: entry.ttlSec === undefined ? undefined : formatDuration(entry.ttlSec),
    networkProxy: entry.networkProxy,
    allowHttp: entry.allowHttp,
    allowPrivate: entry.allowPrivate,
    caFile: entry.caFile,
    extract: entry.extract.length === 0 ? undefined : entry.extract.map((rule) => defined({ ...rule })),
    apply: entry.apply.length === 0 ? undefined : entry.apply.map((rule) => defined({ ...rule })),
    allow: entry.allow?.map(formatAllowRule),
    totp: entry.totp && defined({ ...entry.totp }),
    sign: sign?.profile,
    signatureAgent: sign?.agent,
    signatureAgentForm: sign?.form,
  };
  return defined(data);
}

function formatAllowRule(rule: AllowRule): string {
  return rule.methods === undefined ? rule.path : `${rule.methods.join(',')} ${rule.path}`;
}

function defined(data: Readonly<Record<string, Data | undefined>>): { [key: string]: Data } {
  return Object.fromEntries(Object.entries(data).filter((pair): pair is [string, Data] => pair[1] !== undefined));
}

/**
 * A map as lines of block YAML.
 *
 * @param indent how many spaces stand before each line
 */
export function blockLines(data: { readonly [key: string]: Data }, indent: number): string[] {
  const pad = ' '.repeat(indent);
  return Object.entries(data).flatMap(([key, value]) => {
    const name = `${pad}${scalar(key)}:`;
    if (typeof value !== 'object') return [`${name} ${scalar(value)}`];
    if (isEmpty(value)) return [`${name} ${JSON.stringify(value)}`];
    if (!isList(value)) return [name, ...blockLines(value, indent + 2)];
    return [name, ...value.flatMap((item) => itemLines(item, indent + 2))];
  });
}

function itemLines(item: Data, indent: number): string[] {
  const pad = ' '.repeat(indent);
  if (typeof item !== 'object') return [`${pad}- ${scalar(item)}`];
  // JSON is YAML too.
  if (isList(item) || isEmpty(item)) return [`${pad}- ${JSON.stringify(item)}`];
  const lines = blockLines(item, indent + 2);
  return [`${pad}- ${lines[0]!.slice(indent + 2)}`, ...lines.slice(1)];
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function isList(value: Data): value is readonly Data[] {
  return Array.isArray(value);
}

/** Begins and goes on with characters that mean nothing to YAML there, and is no number or keyword. */
const PLAIN = /^(?:[A-Za-z/](?:[\w./@+~$=&?%;,*-]|:(?=[^\s:])| (?=[\w(/]))*|\d+[smhd])$/;
const KEYWORD = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
// deno-lint-ignore no-control-regex
const NEEDS_ESCAPE = /[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\u2028\u2029]/;

/** A scalar in the plainest form that reads back as the same string or boolean. */
export function scalar(value: string | boolean): string {
  if (typeof value === 'boolean') return String(value);
  if (PLAIN.test(value) && !KEYWORD.test(value)) return value;
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`;
}
