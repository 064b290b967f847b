import type { ProviderConfig } from '../config/config.ts';
import { formatDomain } from '../target/domain.ts';
import type { Provider } from './provider.ts';

/**
 * What a provider's entry allowed when a person logged in. It is sealed with the credential, so
 * whoever edits config.yaml later cannot lead the credential to another place (security cases
 * C6, C7): using it under a wider policy needs a person's approval.
 */
export interface Binding {
  readonly domains: readonly string[];
  /** Canonical JSON of the other settings that decide where and how the credential travels. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Settings whose every change needs approval; turning the switch off does not. */
const SWITCHES = ['allowHttp', 'allowPrivate'] as const;
const SETTINGS = ['apply', 'allow', 'caFile', 'networkProxy', 'validateUrl', 'totp'] as const;
/** Settings that narrow when they are taken away. */
const MAY_GO = new Set(['networkProxy', 'caFile', 'validateUrl', 'totp', 'entryUrl']);
/** Only narrows when it comes. */
const BOUND = 'oauth2.dpop';
const OAUTH_SETTINGS = ['tokenUrl', 'issuer', 'audience'] as const;

/** The binding that a provider's entry stands for now. */
export function bindingOf(provider: Provider): Binding {
  const settings: Record<string, string> = {};
  const entry: ProviderConfig = provider.config;
  for (const key of SWITCHES) if (entry[key] === true) settings[key] = 'true';
  for (const key of SETTINGS) if (entry[key] !== undefined) settings[key] = JSON.stringify(entry[key]);
  // Where a browser login begins its storage is read, and one-time codes are typed.
  if (entry.strategy === 'browser' && entry.entryUrl !== undefined) settings.entryUrl = JSON.stringify(entry.entryUrl);
  for (const key of OAUTH_SETTINGS) {
    const value = entry.oauth2?.[key];
    if (value !== undefined) settings[`oauth2.${key}`] = JSON.stringify(value);
  }
  // Without it a token that was bound to a key would go out by itself.
  if (entry.oauth2?.dpop === true) settings[BOUND] = 'true';
  return { domains: provider.domains.map(formatDomain).sort(), settings };
}

/**
 * What the current binding allows beyond the sealed one: one short text for each, none when it is
 * the same or narrower.
 *
 * @example
 * ```ts
 * widenings(sealed, bindingOf(provider)); // ['domain "evil.example"', 'setting "allowHttp"']
 * ```
 */
export function widenings(sealed: Binding, current: Binding): string[] {
  const found = current.domains.filter((domain) => !sealed.domains.includes(domain)).map((domain) =>
    `domain "${domain}"`
  );
  const keys = new Set([...Object.keys(sealed.settings), ...Object.keys(current.settings)]);
  for (const key of [...keys].sort()) {
    const isSwitch = (SWITCHES as readonly string[]).includes(key);
    if (isSwitch && current.settings[key] === undefined) continue;
    // A new allow list, or something that is no longer used, only narrows.
    if ((key === 'allow' || key === BOUND) && sealed.settings[key] === undefined) continue;
    if (MAY_GO.has(key) && current.settings[key] === undefined) continue;
    if (current.settings[key] !== sealed.settings[key]) found.push(`setting "${key}"`);
  }
  return found;
}
