import { importCurl } from './import_curl.ts';
import { importHar } from './import_har.ts';
import { importJson } from './import_json.ts';
import { importNetscape } from './import_netscape.ts';
import { badImport, draftImport, type ImportContext, type ImportedLogin } from './imported.ts';

/** Characters that a file may have; an archive carries whole pages. */
const MAX_LENGTH = { netscape: 16e6, json: 16e6, curl: 1e6, har: 256e6 } as const;

/**
 * Reads a login that a person took out of a browser: a Netscape cookies.txt, the JSON of a cookie
 * extension or of Playwright's storage state, a "Copy as cURL (bash)" command, or a HAR archive.
 * The text itself tells which.
 *
 * Cookies come with the scope the file states; a command or an archive may state less than the
 * browser knew, and then only the host of the request gets them. What no browser could hold is
 * skipped with its reason, and a file that is not of its format is refused.
 *
 * @throws {SigError} E_IMPORT, naming line or entry and never a value
 *
 * @example
 * ```ts
 * const { cookies } = importLogin("curl 'https://example.com/' -b 'sid=1'", { nowSec: 0, isPublicSuffix: () => false });
 * cookies[0]?.domain; // "example.com"
 * ```
 */
export function importLogin(text: string, context: ImportContext): ImportedLogin {
  const content = text.replace(/^\ufeff/, '');
  const draft = draftImport(context);
  const format = readInto(draft, content, context);
  const { cookies, storage, headers, skipped } = draft;
  if (cookies.size === 0 && storage.length === 0 && !headers.some((header) => header.name === 'authorization')) {
    throw badImport(
      skipped.length > 0 ? `none of its cookies can be used; ${skipped[0]}` : 'it holds no cookies',
      format === 'har' ? 'export the archive with sensitive data' : undefined,
    );
  }
  return { format, cookies: [...cookies.values()], storage, headers, skipped };
}

function readInto(
  draft: ReturnType<typeof draftImport>,
  content: string,
  context: ImportContext,
): ImportedLogin['format'] {
  const first = content.trimStart().slice(0, 5);
  if (first.startsWith('{') || first.startsWith('[')) {
    limit(content, MAX_LENGTH.har);
    const json = parseJson(content);
    if (typeof json === 'object' && json !== null && Object.hasOwn(json, 'log')) {
      importHar(json, draft, context);
      return 'har';
    }
    limit(content, MAX_LENGTH.json);
    importJson(json, draft);
    return 'json';
  }
  if (/^curl\b/.test(first)) {
    limit(content, MAX_LENGTH.curl);
    importCurl(content, draft);
    return 'curl';
  }
  if (!content.includes('\t')) {
    throw badImport(
      'its format is not known',
      'give a Netscape cookies.txt, JSON of a cookie extension, "Copy as cURL (bash)", or a HAR archive',
    );
  }
  limit(content, MAX_LENGTH.netscape);
  importNetscape(content, draft);
  return 'netscape';
}

function limit(content: string, length: number): void {
  if (content.length > length) throw badImport(`it has more than ${length / 1e6} million characters`);
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // The parser's own message may quote the text, and with it a cookie: its cause is dropped.
    throw badImport('it begins like JSON and is not', 'export it again');
  }
}
