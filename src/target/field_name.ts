const UPPER_A = 65;
const UPPER_Z = 90;
const TO_LOWER = 32;
const DASH = 45;
const UNDERSCORE = 95;

/**
 * Whether a field has this name. Nearly all are told apart by their length alone: to bring each to lower case first,
 * for each question that is asked of a head, would take longer than all the rest of it.
 *
 * @param name as it is written, in any case. Serves for other ASCII texts without case as well
 * @param lower in lower case
 */
export function isNamed(name: string, lower: string): boolean {
  if (name.length !== lower.length) return false;
  for (let i = 0; i < name.length; i++) {
    if (toLower(name.charCodeAt(i)) !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * Whether two names are one field to a server behind CGI or WSGI, which cannot tell `_` from `-`.
 *
 * @example
 * ```ts
 * isSameField('X_Csrf_Token', 'x-csrf-token'); // true
 * ```
 */
export function isSameField(first: string, second: string): boolean {
  if (first.length !== second.length) return false;
  for (let i = 0; i < first.length; i++) {
    if (fold(first.charCodeAt(i)) !== fold(second.charCodeAt(i))) return false;
  }
  return true;
}

function fold(code: number): number {
  return code === UNDERSCORE ? DASH : toLower(code);
}

function toLower(code: number): number {
  return code >= UPPER_A && code <= UPPER_Z ? code + TO_LOWER : code;
}
