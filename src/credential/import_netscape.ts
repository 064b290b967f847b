import { badImport, type ImportDraft } from './imported.ts';

const FIELDS = ['domain', 'subdomains', 'path', 'secure', 'expiry', 'name', 'value'];
const HTTP_ONLY = '#HttpOnly_';

/**
 * Reads a cookies.txt in Netscape's format, as curl, wget, yt-dlp and browser extensions write it.
 *
 * @throws {SigError} E_IMPORT when a line is not of seven fields, or a field not of its kind
 */
export function importNetscape(text: string, into: ImportDraft): void {
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const httpOnly = raw.startsWith(HTTP_ONLY);
    const line = httpOnly ? raw.slice(HTTP_ONLY.length) : raw;
    if (line.trim() === '' || (line.startsWith('#') && !httpOnly)) continue;
    const where = `line ${i + 1}`;
    const fields = line.split('\t');
    // An empty value leaves no tab behind it in some writers.
    if (fields.length === FIELDS.length - 1) fields.push('');
    if (fields.length !== FIELDS.length) {
      throw badImport(
        `${where} has ${fields.length} fields where ${FIELDS.length} belong`,
        'fields are parted by tabs',
      );
    }
    const [domain = '', subdomains = '', path = '', secure = '', expiry = '', name = '', value = ''] = fields;
    const expiresAtSec = readExpiry(expiry, where);
    into.add({
      name,
      value,
      domain,
      hostOnly: !readFlag(subdomains, where, 'subdomains'),
      path,
      secure: readFlag(secure, where, 'secure'),
      httpOnly,
      expiresAtSec,
    }, where);
  }
}

function readFlag(text: string, where: string, field: string): boolean {
  const flag = text.toUpperCase();
  if (flag !== 'TRUE' && flag !== 'FALSE') throw badImport(`field "${field}" of ${where} is neither TRUE nor FALSE`);
  return flag === 'TRUE';
}

/** Seconds since 1970; 0 stands for a session cookie. */
function readExpiry(text: string, where: string): number | undefined {
  if (!/^-?\d{1,15}(?:\.\d{1,9})?$/.test(text)) throw badImport(`field "expiry" of ${where} is not a number`);
  const seconds = Number(text);
  return seconds <= 0 ? undefined : seconds;
}
