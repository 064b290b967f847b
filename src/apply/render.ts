import { SigError } from '../errors.ts';
import type { Template } from '../provider/template.ts';

/**
 * Fills a template. Fails closed: a missing value is an error, never an empty string (X12).
 *
 * @param lookUp answers with the value of a key, or `undefined`
 * @throws {SigError} E_MISSING_VALUE
 */
export function renderTemplate(
  template: Template,
  lookUp: (key: string) => string | undefined,
  providerId: string,
): string {
  return template.map((part) => {
    if (typeof part === 'string') return part;
    const value = lookUp(part.key);
    if (value !== undefined && value !== '') return value;
    throw new SigError('E_MISSING_VALUE', `Credential of "${providerId}" has no value "${part.key}"`, {
      hint: `log in again: sig login ${providerId}`,
      provider: providerId,
    });
  }).join('');
}

/** Latin-1 without control characters but tab, and without surrounding blanks (RFC 9110 §5.5). */
const FIELD_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/**
 * Returns a header value that is safe on the wire, or throws without showing it (X11).
 *
 * @throws {SigError} E_BAD_CREDENTIAL_VALUE
 */
export function requireFieldValue(value: string, name: string, providerId: string): string {
  if (FIELD_VALUE.test(value)) return value;
  throw new SigError(
    'E_BAD_CREDENTIAL_VALUE',
    `Value for header "${name}" from provider "${providerId}" has characters that cannot be sent`,
    { hint: `log in again: sig login ${providerId}`, provider: providerId },
  );
}
