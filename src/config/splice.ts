/**
 * Where the text of an entry goes in a file, and which text is an entry's own.
 *
 * @module
 */

import type { ProviderConfig } from './config.ts';
import type { Entry, MapNode, Node } from './tree.ts';
import { blockLines, entryData } from './write_entry.ts';

/** A piece of text to be put in the place of another. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies splices that do not overlap. What goes to one place goes there in the given order. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let result = text;
  for (const { start, end, text: insert } of [...splices].reverse().sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + insert + result.slice(end);
  }
  return result;
}

/**
 * The splices that add an entry under `providers:`, in the style of what is there: block lines, or
 * JSON inside braces.
 *
 * @param root the tree of `text`: a map, or nothing for a file without content
 */
export function insertEntry(text: string, root: Node | undefined, entry: ProviderConfig): Splice[] {
  const file = root?.kind === 'map' ? root : undefined;
  const providers = file?.entries.find(({ key }) => key === 'providers');
  if (!providers) {
    if (file?.flow) return insertJson(text, file, `"providers": {${jsonOf(entry)}}`);
    return [insertLines(text, endOfContent(text), ['providers:', ...entryLines(entry, 2)], file !== undefined)];
  }
  const { value, valueStart, valueEnd } = providers;
  if (value.kind === 'map' && value.entries.length > 0) {
    if (value.flow) return insertJson(text, value, jsonOf(entry));
    const last = value.entries.at(-1)!;
    const indent = last.start - lineStart(text, last.start);
    const at = skipComments(text, lineAfter(text, last.valueEnd), indent);
    return [insertLines(text, at, entryLines(entry, indent), true)];
  }
  // `providers:` has no entries yet: nothing, `null` or `{}`.
  const isInBraces = file!.flow || /[^{}\s]/.test(value.kind === 'map' ? text.slice(valueStart, valueEnd) : '');
  if (isInBraces) {
    if (value.kind === 'map') return insertJson(text, value, jsonOf(entry));
    return [{ start: valueStart, end: valueEnd, text: `${valueStart === valueEnd ? ' ' : ''}{${jsonOf(entry)}}` }];
  }
  const at = skipComments(text, lineAfter(text, valueEnd), 1);
  const lines = insertLines(text, at, entryLines(entry, 2), false);
  if (valueStart === valueEnd) return [lines];
  const colon = text.slice(0, valueStart).trimEnd().length;
  return [{ start: colon, end: valueEnd, text: '' }, lines];
}

/**
 * The splices that take an entry out: from the beginning of its key to the end of its value, with
 * the comment that ends its last line. Comments on lines of their own, before and after, stay.
 */
export function removeEntry(text: string, parent: MapNode, entry: Entry): Splice[] {
  if (!parent.flow) return [{ start: lineStart(text, entry.start), end: lineAfter(text, entry.valueEnd), text: '' }];
  const comma = findComma(text, entry.valueEnd);
  const end = comma ?? entry.valueEnd;
  const start = lineStart(text, entry.start);
  const isAlone = text.slice(start, entry.start).trim() === '' && /^[ \t]*(?:#[^\n]*)?\r?\n/.test(text.slice(end));
  const own = isAlone
    ? { start, end: nextLine(text, end), text: '' }
    : { start: entry.start, end: end + /^(?:[ \t]+(?![ \t#]))?/.exec(text.slice(end))![0].length, text: '' };
  const before = parent.entries[parent.entries.indexOf(entry) - 1];
  if (comma !== undefined || !before) return [own];
  // JSON has no comma behind the last entry.
  const commaBefore = findComma(text, before.valueEnd)!;
  return [{ start: commaBefore - 1, end: commaBefore, text: '' }, own];
}

function entryLines(entry: ProviderConfig, indent: number): string[] {
  return blockLines({ [entry.id]: entryData(entry) }, indent);
}

/** JSON is YAML, in any place where braces are. */
function jsonOf(entry: ProviderConfig): string {
  return `${JSON.stringify(entry.id)}: ${JSON.stringify(entryData(entry))}`;
}

function insertJson(text: string, map: MapNode, json: string): Splice[] {
  const last = map.entries.at(-1);
  if (!last) return [{ start: map.start + 1, end: map.start + 1, text: json }];
  const comma = findComma(text, last.valueEnd);
  const indent = text.slice(lineStart(text, last.start), last.start);
  const rest = /^[ \t]*,?[ \t]*(?:#[^\n]*?)?(?=\r?\n)/.exec(text.slice(last.valueEnd))?.[0];
  if (indent.trim() !== '' || rest === undefined) {
    const at = comma ?? last.valueEnd;
    return [{ start: at, end: at, text: `${comma === undefined ? ',' : ''} ${json}` }];
  }
  // One entry a line: the comma goes behind the last value, the entry on a line of its own.
  const end = last.valueEnd + rest.length;
  const line = { start: end, end, text: `${eol(text)}${indent}${json}` };
  return comma === undefined ? [{ start: last.valueEnd, end: last.valueEnd, text: ',' }, line] : [line];
}

/** The offset behind a comma that follows a value in braces, if one does. */
function findComma(text: string, from: number): number | undefined {
  const found = /^(?:\s|(?<=\s)#[^\n]*)*,/.exec(text.slice(from));
  return found ? from + found[0].length : undefined;
}

function insertLines(text: string, at: number, lines: readonly string[], spaced: boolean): Splice {
  const newline = eol(text);
  const before = text.slice(0, at);
  const opening = before === '' || before.endsWith('\n') ? '' : newline;
  const isSpaced = !spaced || /\n\r?\n$/.test(before + opening);
  return { start: at, end: at, text: `${opening}${isSpaced ? '' : newline}${lines.join(newline)}${newline}` };
}

/** The line ending that the file uses. */
function eol(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The beginning of the line after the one where a value ends. A block scalar ends with its line. */
function lineAfter(text: string, valueEnd: number): number {
  return text[valueEnd - 1] === '\n' ? valueEnd : nextLine(text, valueEnd);
}

function nextLine(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}

/** Skips lines from `at` on that hold nothing but a comment, indented by `indent` or more. */
function skipComments(text: string, at: number, indent: number): number {
  const line = /^( *)#[^\n]*(?:\n|$)/;
  for (;;) {
    const found = line.exec(text.slice(at, nextLine(text, at)));
    if (!found || found[1]!.length < indent) return at;
    at += found[0].length;
  }
}

/** Where the document's content may go on: the end of the text, or its end marker (`...`). */
function endOfContent(text: string): number {
  const marker = /^\.\.\.[ \t\r]*(?:#.*)?$/m.exec(text);
  return marker?.index ?? text.length;
}
