/**
 * Our own source as data, for the laws in test/rule: files, their imports, and their code without
 * comments and texts.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from './sig.ts';

/** One import or re-export of a file. */
export interface SourceImport {
  readonly specifier: string;
  /** The file meant, from the root of the repository; absent for packages. */
  readonly path?: string;
  /** Whether it vanishes when types are stripped. */
  readonly isType: boolean;
  /** Whether it is an `import()`. */
  readonly isLazy: boolean;
  readonly line: number;
}

/** One TypeScript file. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments as blanks. */
  readonly code: string;
  /** The code with what stands in quotes as blanks too. */
  readonly bare: string;
  readonly imports: readonly SourceImport[];
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[\w*{},\s$]+?\s+from\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'/g;
// What may stand before a regular expression, as opposed to a division.
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+*%<>~^-]|=>|\breturn|\btypeof|\bcase|\bin|\bof)\s*$/;

/** All files below these folders that end in `.ts`, declarations left out, sorted. */
export function readSources(...folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) => listFiles(folder))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** All files below a folder of the repository; none when it is not there. */
export function listFiles(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => posix.join(folder, relativeFolder(entry.parentPath ?? entry.path, folder), entry.name));
  } catch {
    return [];
  }
}

/** Reads a text as a file of that path. */
export function parseSource(path: string, text: string): SourceFile {
  const code = blank(text, false);
  const bare = blank(text, true);
  const imports: SourceImport[] = [];
  const add = (specifier: string, isType: boolean, isLazy: boolean, index: number) =>
    imports.push({
      specifier,
      ...(specifier.startsWith('.') ? { path: posix.join(posix.dirname(path), specifier) } : {}),
      isType,
      isLazy,
      line: text.slice(0, index).split('\n').length,
    });
  // What begins inside a template is text.
  const isCode = (index: number) => bare[index] !== ' ';
  for (const found of code.matchAll(STATIC)) {
    if (isCode(found.index)) add(found[2]!, found[1] !== undefined, false, found.index);
  }
  for (const found of code.matchAll(DYNAMIC)) if (isCode(found.index)) add(found[1]!, false, true, found.index);
  return { path, text, code, bare, imports };
}

/** Whether anything of a file is there at run time that is its own: not only types and re-exports. */
export function hasOwnExports(file: SourceFile): boolean {
  return /^export\s+(?:async\s+)?(?:function|const|let|class|default)\b/m.test(file.bare);
}

/** Each place where a pattern occurs, as `path:line`. */
export function findInCode(files: readonly SourceFile[], pattern: RegExp, view: 'code' | 'bare' = 'bare'): string[] {
  const global = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
  return files.flatMap((file) =>
    [...file[view].matchAll(global)].map((found) =>
      `${file.path}:${file[view].slice(0, found.index).split('\n').length}`
    )
  );
}

function relativeFolder(absolute: string, folder: string): string {
  return absolute.slice(join(ROOT, folder).length).replaceAll('\\', '/');
}

/** Replaces comments, and what stands in quotes when asked, by blanks; lines stay where they are. */
function blank(text: string, withStrings: boolean): string {
  let out = '';
  /** Depth of braces inside each template part that is open. */
  const templates: number[] = [];
  const hide = (from: number, to: number) => (out += text.slice(from, to).replace(/[^\n]/g, ' '));
  const quoted = (from: number, to: number) => withStrings ? hide(from, to) : (out += text.slice(from, to));
  for (let at = 0; at < text.length;) {
    const char = text[at]!;
    const two = text.slice(at, at + 2);
    if (two === '//' || two === '/*') {
      const found = two === '//' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2) + 2;
      const end = found < 2 ? text.length : found;
      hide(at, end);
      at = end;
    } else if (char === '"' || char === "'") {
      const end = endOfQuoted(text, at, char);
      quoted(at, end);
      at = end;
    } else if (char === '/' && BEFORE_REGEX.test(out.slice(-40))) {
      const end = endOfRegex(text, at);
      quoted(at, end);
      at = end;
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop();
      const end = endOfTemplate(text, at + 1);
      quoted(at, end);
      if (text[end - 1] === '{') templates.push(0);
      at = end;
    } else {
      if (templates.length > 0 && (char === '{' || char === '}')) {
        templates[templates.length - 1]! += char === '{' ? 1 : -1;
      }
      out += char;
      at++;
    }
  }
  return out;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfRegex(text: string, start: number): number {
  let isInClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') isInClass = true;
    else if (text[at] === ']') isInClass = false;
    else if (text[at] === '/' && !isInClass) return at + 1;
  }
  return start + 1;
}

/** Behind the closing quote of a template, or behind the `${` that interrupts it. */
function endOfTemplate(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
  }
  return text.length;
}
