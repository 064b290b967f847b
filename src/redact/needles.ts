import type { Secret } from '../secret.ts';
import { formsOf, plainForm } from './form.ts';
import type { Needle } from './needle.ts';
import { type Weakness, weaknessOf } from './strength.ts';
import { secretsOfHeader, type SecretText, variantsOf } from './value.ts';

/** One character for each byte, a different one: a key for a `Map`. */
const keyDecoder = new TextDecoder('latin1');

/** A value that must not come back. */
export interface SecretValue {
  readonly provider: string;
  /** A whole header field value as it was sent, one cookie's value, or any other value. */
  readonly kind: 'header' | 'cookie' | 'value';
  /** Name of the header field or cookie. */
  readonly name?: string;
  readonly value: Secret;
}

/** A header field that is redacted as a whole when it comes back, however short its value. */
export interface FieldSecret {
  readonly provider: string;
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** A secret that is looked for as a whole header field value only. */
export interface WeakSecret {
  readonly provider: string;
  readonly kind: SecretValue['kind'];
  readonly name?: string;
  readonly weakness: Weakness;
}

/** What is looked for in responses. */
export interface Needles {
  readonly needles: readonly Needle[];
  readonly fields: readonly FieldSecret[];
  /** What is too short or too plain to be looked for in bodies; for a warning when it is stored. */
  readonly weak: readonly WeakSecret[];
}

/**
 * Derives from secrets all that must not come back: their encodings, the password of a Basic pair,
 * the parts of a token, each cookie.
 *
 * @example
 * ```ts
 * createNeedles([{ provider: 'jira', kind: 'header', name: 'Authorization', value: new Secret('Bearer xyz…') }]);
 * ```
 */
export function createNeedles(secrets: readonly SecretValue[]): Needles {
  const needles = new Map<string, Needle>();
  const fields: FieldSecret[] = [];
  const weak: WeakSecret[] = [];
  const add = (needle: Needle): void => {
    const key = needle.alphabet.name + keyDecoder.decode(needle.bytes);
    if (!needles.has(key)) needles.set(key, needle);
  };
  for (const { provider, kind, name, value } of secrets) {
    const whole = value.reveal().trim();
    if (whole === '') continue;
    const named = name === undefined ? {} : { name };
    const texts: SecretText[] = kind === 'header' ? secretsOfHeader(name ?? '', whole) : [{ text: whole, kind }];
    const strong = texts.filter((text) => weaknessOf(text) === undefined);
    for (const text of strong.flatMap(variantsOf)) {
      if (weaknessOf(text) === undefined) formsOf(text.text, provider).forEach(add);
    }
    if (strong.length === 0) {
      weak.push({
        provider,
        kind,
        ...named,
        weakness: weaknessOf(texts[0] ?? { text: whole, kind: 'value' }) ?? 'plain',
      });
    } // A whole header is one mark, and takes with it what is too weak to be looked for alone.
    else if (kind === 'header') add(plainForm(whole, provider));
    if (kind === 'header' && name !== undefined) fields.push({ provider, name: name.toLowerCase(), value: whole });
  }
  return { needles: [...needles.values()], fields, weak };
}
