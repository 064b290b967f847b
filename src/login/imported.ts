import { isCookieOf } from '../credential/cookie_match.ts';
import type { Cookie } from '../credential/cookie.ts';
import type { Credential } from '../credential/credential.ts';
import type { ImportedLogin, ImportedValue } from '../credential/imported.ts';
import { globMatches } from '../credential/value_for.ts';
import { SigError } from '../errors.ts';
import { bindingOf } from '../provider/binding.ts';
import type { CompiledApply, Provider } from '../provider/provider.ts';
import type { Environment } from '../provider/settings.ts';
import { Secret } from '../secret.ts';
import { matchDomain } from '../target/domain.ts';
import { entryUrlOf, isApprovedOrigin, parseOrigin } from './approved_origin.ts';
import { expiryOf, tokenExpiry } from './expiry.ts';
import { type Extraction, readValue } from './extract.ts';

/**
 * Makes a provider's login of what a person took out of a browser by hand: the cookies of its
 * hosts, and values from the storage or the request headers that came with them. Everything else
 * in the file is left out.
 *
 * @param old the login that is replaced; its one-time seed stays
 * @throws {SigError} E_IMPORT when the file holds nothing for the provider, or not all that its rules want
 */
export function obtainByImport(
  provider: Provider,
  imported: ImportedLogin,
  old: Credential | undefined,
  nowSec: number,
  env: Environment,
): Credential {
  const cookies = imported.cookies.filter((cookie) => isCookieOf(cookie, provider.domains));
  const values: Record<string, Secret> = {};
  const ends: number[] = [];
  const missing: string[] = [];
  const entryUrl = entryUrlOf(provider, env);
  for (const rule of provider.extract) {
    if (rule.from === 'cookies') {
      if (!cookies.some((cookie) => globMatches(rule.match ?? '*', cookie.name))) missing.push(rule.as);
      continue;
    }
    const stored = imported.storage
      .filter((item) => isApprovedOrigin(provider, item.origin, entryUrl) && globMatches(rule.match ?? '*', item.name))
      .map((item) => readValue(rule, item.value.reveal())).find((found) => found !== undefined);
    const found = stored ?? fromHeader(provider, rule.as, imported.headers);
    if (found === undefined) missing.push(rule.as);
    else {
      values[rule.as] = new Secret(found.value);
      if (found.expiresAtSec !== undefined) ends.push(found.expiresAtSec);
    }
  }
  if (missing.length > 0) throw incomplete(provider, imported, missing, cookies);
  const extraction: Extraction = {
    values,
    cookies,
    missing,
    ...(ends.length === 0 ? {} : { valuesExpireAtSec: Math.min(...ends) }),
  };
  const expiresAtSec = expiryOf(provider, extraction, nowSec);
  return {
    provider: provider.id,
    strategy: 'browser',
    obtainedAtSec: nowSec,
    ...(expiresAtSec === undefined ? {} : { expiresAtSec }),
    values,
    cookies: new Secret(cookies),
    ...(old?.browser?.totp === undefined ? {} : { browser: { totp: old.browser.totp } }),
    binding: bindingOf(provider),
  };
}

/** The value that an `apply` rule would have made that header of, as sent to a host of the provider. */
function fromHeader(
  provider: Provider,
  key: string,
  headers: readonly ImportedValue[],
): { value: string; expiresAtSec?: number } | undefined {
  for (const rule of provider.apply) {
    if (rule.in !== 'header') continue;
    for (const header of headers) {
      const target = parseOrigin(header.origin);
      if (!target || !provider.domains.some((domain) => matchDomain(domain, target))) continue;
      if (header.name.toLowerCase() !== rule.name.toLowerCase()) continue;
      const value = unrender(rule, key, header.value.reveal());
      if (value === undefined) continue;
      const expiresAtSec = tokenExpiry(value);
      return { value, ...(expiresAtSec === undefined ? {} : { expiresAtSec }) };
    }
  }
  return undefined;
}

/** The value of a key, from a text that was rendered by a template with that key alone. */
function unrender({ template }: CompiledApply, key: string, text: string): string | undefined {
  const at = template.findIndex((part) => typeof part !== 'string' && part.key === key);
  if (at < 0 || template.some((part, i) => typeof part !== 'string' && i !== at)) return undefined;
  const [before, after] = [template.slice(0, at).join(''), template.slice(at + 1).join('')];
  if (text.length <= before.length + after.length || !text.startsWith(before) || !text.endsWith(after)) {
    return undefined;
  }
  return text.slice(before.length, text.length - after.length);
}

function incomplete(
  provider: Provider,
  imported: ImportedLogin,
  missing: readonly string[],
  cookies: readonly Cookie[],
): SigError {
  const hosts = provider.config.domains.join(', ');
  if (cookies.length === 0 && imported.cookies.length > 0) {
    return new SigError('E_IMPORT', `None of the ${imported.cookies.length} cookies is for ${hosts}`, {
      hint: 'export them while that site is shown, or all of them',
      provider: provider.id,
    });
  }
  return new SigError('E_IMPORT', `Cannot import the login: it has no value for "${missing[0]}"`, {
    hint: 'a HAR archive or "Copy as cURL" of a request to the site carries its headers too',
    provider: provider.id,
  });
}
