import { isSigError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { originOf, parseUrl } from '../target/target.ts';
import { addCookieHeader, badImport, type ImportDraft, isLoginHeader } from './imported.ts';
import { splitCommands } from './shell_words.ts';

/** Options that take a value, besides those that are read. */
const WITH_VALUE = new Set([
  '-X',
  '--request',
  '-d',
  '--data',
  '--data-raw',
  '--data-binary',
  '--data-ascii',
  '--data-urlencode',
  '--json',
  '-F',
  '--form',
  '--form-string',
  '-e',
  '--referer',
  '-o',
  '--output',
  '-x',
  '--proxy',
  '-m',
  '--max-time',
  '--connect-timeout',
  '--resolve',
  '--cacert',
  '-c',
  '--cookie-jar',
]);
const WITHOUT_VALUE = new Set([
  '--compressed',
  '-s',
  '--silent',
  '-S',
  '--show-error',
  '-L',
  '--location',
  '-i',
  '--include',
  '-v',
  '--verbose',
  '-g',
  '--globoff',
  '-G',
  '--get',
  '-I',
  '--head',
  '-f',
  '--fail',
  '--http1.1',
  '--http2',
  '--http3',
]);
/** Options that are read, by the header they stand for. */
const READ: Readonly<Record<string, 'header' | 'cookie' | 'user-agent' | 'user' | 'url'>> = {
  '-H': 'header',
  '--header': 'header',
  '-b': 'cookie',
  '--cookie': 'cookie',
  '-A': 'user-agent',
  '--user-agent': 'user-agent',
  '-u': 'user',
  '--user': 'user',
  '--url': 'url',
};

/**
 * Reads what a browser's "Copy as cURL (bash)" gave, one command or several. Cookies are those of
 * `-b` and of a `Cookie` header; they go to the host of the command only.
 *
 * @throws {SigError} E_IMPORT when it is not such a command, or an option is not known
 */
export function importCurl(text: string, into: ImportDraft): void {
  if (/\^"/.test(text) || /^\s*curl\.exe\b/.test(text)) {
    throw badImport('it is a command for Windows', 'choose "Copy as cURL (bash)" in the browser');
  }
  for (const [i, words] of splitCommands(text).entries()) importCommand(words, `command ${i + 1}`, into);
}

function importCommand(words: readonly string[], where: string, into: ImportDraft): void {
  if (words[0] !== 'curl') throw badImport(`${where} is not a curl command`);
  const { urls, found } = readOptions(words, where);
  if (urls.length !== 1) throw badImport(`${where} names ${urls.length} URLs, not one`);
  let target;
  try {
    ({ target } = parseUrl(urls[0]!));
  } catch (cause) {
    if (!isSigError(cause)) throw cause;
    throw badImport(`the URL of ${where} cannot be used`, cause.message, cause);
  }
  for (const { name, value } of found) {
    if (name === 'cookie') addCookieHeader(into, value, target, where);
    else if (isLoginHeader(name)) into.headers.push({ origin: originOf(target), name, value: new Secret(value) });
  }
}

interface Found {
  readonly name: string;
  readonly value: string;
}

function readOptions(words: readonly string[], where: string): { urls: string[]; found: Found[] } {
  const urls: string[] = [];
  const found: Found[] = [];
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-') || word === '-') {
      urls.push(word);
      continue;
    }
    const [option, attached] = splitOption(word);
    if (WITHOUT_VALUE.has(option) && attached === undefined) continue;
    const kind = READ[option];
    if (kind === undefined && !WITH_VALUE.has(option)) throw badImport(`option "${option}" of ${where} is not known`);
    const value = attached ?? words[++i];
    if (value === undefined) throw badImport(`option "${option}" of ${where} has no value`);
    if (kind === 'url') urls.push(value);
    else if (kind !== undefined) found.push(...readHeader(kind, value, where));
  }
  return { urls, found };
}

/** `--name`, `-b` and `-bvalue`. */
function splitOption(word: string): [option: string, attached: string | undefined] {
  if (word.startsWith('--') || word.length === 2) return [word, undefined];
  return [word.slice(0, 2), word.slice(2)];
}

function readHeader(kind: 'header' | 'cookie' | 'user-agent' | 'user', value: string, where: string): Found[] {
  if (kind === 'user-agent') return [{ name: 'user-agent', value }];
  if (kind === 'user') throw badImport(`${where} signs in with "-u"`, 'a user name and password are not a session');
  if (kind === 'cookie') {
    if (!value.includes('=')) throw badImport(`${where} reads cookies from a file`, 'import that file itself');
    return [{ name: 'cookie', value }];
  }
  const colon = value.indexOf(':');
  // "Name;" is curl's way to send an empty header.
  if (colon <= 0) return [];
  return [{ name: value.slice(0, colon).trim().toLowerCase(), value: value.slice(colon + 1).trim() }];
}
