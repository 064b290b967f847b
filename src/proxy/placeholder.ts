import { encodeBase64url } from '../encoding/base64url.ts';
import { encodeBase64 } from '../encoding/base64.ts';
import { decodeUtf8, encodeUtf8, randomBytes } from '../encoding/bytes.ts';
import { decodeBase64url } from '../encoding/base64url.ts';
import { SigError } from '../errors.ts';
import type { Credential } from '../credential/credential.ts';
import { valueFor } from '../credential/value_for.ts';
import type { Provider } from '../provider/provider.ts';
import { templateKeys } from '../provider/template.ts';
import type { RequestHead } from '../target/head.ts';
import { authorityOf } from '../target/target.ts';

/** A text that stands for a secret, and is worth nothing by itself. */
export interface Placeholder {
  readonly text: string;
  readonly provider: string;
  /** Key of the value: an `as`, or `access_token`. */
  readonly key: string;
}

/** Characters of a placeholder: what is shorter holds none, not even as a Basic pair. */
const LENGTH = 38;
const SHAPE = /sig_placeholder_[A-Za-z0-9_-]{22}/;
const ALL = /sig_placeholder_[A-Za-z0-9_-]{22}/g;

/** One placeholder for each value that a provider's rules use. */
export function createPlaceholders(providers: readonly Provider[]): Placeholder[] {
  return providers.flatMap((provider) => {
    const keys = new Set(provider.apply.flatMap((rule) => templateKeys(rule.template)));
    return [...keys].map((key) => ({
      text: `sig_placeholder_${encodeBase64url(randomBytes(16))}`,
      provider: provider.id,
      key,
    }));
  });
}

/** The environment variable of a value: `SIG_<ID>_<KEY>`, such as `SIG_JIRA_EXAMPLE_SESSION`. */
export function variableOf(providerId: string, key: string): string {
  return `SIG_${providerId}_${key}`.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
}

/** Whether a head holds anything that looks like a placeholder. */
export function hasPlaceholder(head: RequestHead): boolean {
  const { path, headers } = head;
  if (path.length >= LENGTH && SHAPE.test(path)) return true;
  return headers.some(([, value]) => value.length >= LENGTH && SHAPE.test(plainOf(value)));
}

/** How a request's placeholders are swapped. */
export interface SwapOptions {
  readonly placeholders: readonly Placeholder[];
  /** Whose values may go to the request's target. */
  readonly providers: readonly Provider[];
  readonly credentials: readonly Credential[];
  readonly nowSec: number;
}

/**
 * Puts the real values in the place of placeholders, in header values, Basic pairs and the request target.
 *
 * @throws {SigError} E_PLACEHOLDER when one is unknown, or may not be opened for this target; E_MISSING_VALUE
 */
export function swapPlaceholders(head: RequestHead, options: SwapOptions): RequestHead {
  const swap = (text: string) => text.replace(ALL, (found) => openPlaceholder(found, head, options));
  return {
    ...head,
    path: head.path.replace(ALL, (found) => encodeURIComponent(openPlaceholder(found, head, options))),
    headers: head.headers.map(([name, value]) => {
      const plain = plainOf(value);
      if (!SHAPE.test(plain)) return [name, value];
      return [name, plain === value ? swap(value) : `Basic ${encodeBase64(encodeUtf8(swap(plain)))}`];
    }),
  };
}

function openPlaceholder(text: string, head: RequestHead, options: SwapOptions): string {
  const placeholder = options.placeholders.find((each) => each.text === text);
  const at = options.providers.findIndex((provider) => provider.id === placeholder?.provider);
  if (!placeholder || at < 0) {
    throw new SigError('E_PLACEHOLDER', `A placeholder may not be sent to ${authorityOf(head.target)}`, {
      hint: placeholder
        ? `it stands for a value of "${placeholder.provider}", which does not list this host`
        : 'it belongs to another run, which has ended',
      provider: placeholder?.provider,
    });
  }
  const provider = options.providers[at]!;
  const where = { in: 'header', name: '' } as const;
  const value = valueFor(options.credentials[at]!, provider.extract, placeholder.key, where, head, options.nowSec);
  if (value !== undefined) return value;
  throw new SigError('E_MISSING_VALUE', `Login of "${provider.id}" has no value "${placeholder.key}" for this URL`, {
    hint: `sig login ${provider.id}`,
    provider: provider.id,
  });
}

/** The text within a Basic pair, or the value as it is. */
function plainOf(value: string): string {
  const basic = /^basic +([A-Za-z0-9+/_-]{22,})={0,2}$/i.exec(value);
  if (!basic) return value;
  try {
    const plain = decodeUtf8(decodeBase64url(basic[1]!.replaceAll('+', '-').replaceAll('/', '_')));
    return SHAPE.test(plain) ? plain : value;
  } catch {
    return value; // Not a pair in UTF-8, so not one with a placeholder.
  }
}
