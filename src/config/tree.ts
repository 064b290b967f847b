/**
 * YAML text as a tree of plain nodes with their places. What a node may be is decided here once:
 * YAML 1.2 core schema, no directives, no tags of one's own, no merge keys, each key once.
 *
 * @module
 */

import { Composer, type Document, isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { type Problem, tokenize } from './guard.ts';

/** A node. `start` and `end` are offsets in the text; `end` is the first one after it. */
export type Node = MapNode | ListNode | ScalarNode;

/** A map, its entries in file order. */
export interface MapNode {
  readonly kind: 'map';
  readonly start: number;
  readonly end: number;
  /** Whether it is written in braces. */
  readonly flow: boolean;
  readonly entries: readonly Entry[];
}

/** A list. */
export interface ListNode {
  readonly kind: 'list';
  readonly start: number;
  readonly end: number;
  readonly items: readonly Node[];
}

/** A scalar, resolved by the core schema. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly start: number;
  readonly end: number;
  readonly value: string | number | boolean | null;
}

/** A key and its value. */
export interface Entry {
  readonly key: string;
  /** Where the entry begins: its key, or the `?` before it. */
  readonly start: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: Node;
  /** Where the value stands in this entry. Of an alias that is not where the node stands. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The tree of a text, and what is wrong with the text as YAML. */
export interface Tree {
  /** Absent for an empty text, and when the text is not YAML. */
  readonly root: Node | undefined;
  readonly problems: readonly Problem[];
}

/** How many nodes all aliases together may stand for. */
const MAX_EXPANSION = 10_000;

/** Reads a YAML text. Never throws: whatever is wrong is a problem with its place. */
export function readTree(text: string): Tree {
  try {
    const tokenized = tokenize(text);
    if ('problem' in tokenized) return { root: undefined, problems: [tokenized.problem] };
    const { tokens } = tokenized;
    const directive = tokens.find((token) => token.type === 'directive');
    if (directive) return broken(directive.offset, 'directives ("%") are not supported');
    const [document, second] = [...new Composer(OPTIONS).compose(tokens, true, text.length)];
    if (second) return broken(second.range[0], 'a second document begins here; the file must be one');
    return convert(document as Document.Parsed, text);
  } catch (error) {
    // A text within the limits cannot exhaust the stack; if one ever does, it is a mistake in it.
    if (!(error instanceof RangeError)) throw error;
    return broken(0, 'the file is nested too deeply');
  }
}

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  // Its own check compares each key with each other one; ours uses a set.
  uniqueKeys: false,
  keepSourceTokens: true,
  logLevel: 'silent',
} as const;

function broken(offset: number, message: string): Tree {
  return { root: undefined, problems: [{ offset, message }] };
}

function convert(document: Document.Parsed, text: string): Tree {
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, code }) => ({
      offset: pos[0],
      message: SYNTAX_MESSAGES[code] ?? 'this is not valid YAML',
    }));
    return { root: undefined, problems };
  }
  const problems: Problem[] = document.warnings.map(({ pos, code }) => ({
    offset: pos[0],
    message: SYNTAX_MESSAGES[code] ?? 'this is not valid YAML',
  }));
  const contents = document.contents;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { root: undefined, problems };
  const converter = new Converter(text, problems);
  const root = converter.node(contents);
  return { root, problems };
}

/** Turns the package's nodes into ours, in document order. */
class Converter {
  readonly #text: string;
  readonly #problems: Problem[];
  readonly #anchors = new Map<string, Node>();
  readonly #sizes = new Map<Node, number>();
  #expansion = 0;

  constructor(text: string, problems: Problem[]) {
    this.#text = text;
    this.#problems = problems;
  }

  node(source: ParsedNode): Node {
    if (isAlias(source)) return this.#resolve(source.source, source.range[0], source.range[1]);
    this.#checkTag(source);
    const node = this.#convert(source);
    if (source.anchor !== undefined) this.#anchors.set(source.anchor, node);
    return node;
  }

  #convert(source: Exclude<ParsedNode, { source: string; anchor: never }>): Node {
    const [start, end] = source.range!;
    if (isMap(source)) return this.#map(source as unknown as SourceMap, start, end);
    if (isSeq(source)) {
      const items = source.items.map((item) => this.node(item as ParsedNode));
      return this.#sized({ kind: 'list', start, end, items }, items);
    }
    const value = isScalar(source) ? source.value : undefined;
    const isPlainValue = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    if (!isPlainValue) this.#problems.push({ offset: start, message: 'a value of this type is not supported' });
    return this.#sized({ kind: 'scalar', start, end, value: isPlainValue ? value as ScalarNode['value'] : null }, []);
  }

  #map(source: SourceMap, start: number, end: number): MapNode {
    const entries: Entry[] = [];
    const seen = new Set<string>();
    for (const pair of source.items) {
      const key = this.#key(pair.key);
      if (key === undefined) continue;
      const [keyStart, keyEnd] = pair.key.range!;
      if (seen.has(key)) this.#problems.push({ offset: keyStart, message: `duplicate key ${JSON.stringify(key)}` });
      seen.add(key);
      const explicit = pair.srcToken?.start.find((token) => token.type === 'explicit-key-ind');
      const value: Node = pair.value
        ? this.node(pair.value)
        : this.#sized({ kind: 'scalar', start: keyEnd, end: keyEnd, value: null }, []);
      const [valueStart, valueEnd] = pair.value?.range ?? [keyEnd, keyEnd];
      entries.push({ key, start: explicit?.offset ?? keyStart, keyStart, keyEnd, value, valueStart, valueEnd });
    }
    return this.#sized({ kind: 'map', start, end, flow: source.flow === true, entries }, entries.map((e) => e.value));
  }

  /** Keys are text. `404:` and `true:` are, as they are written. */
  #key(source: ParsedNode): string | undefined {
    const offset = source.range![0];
    if (!isScalar(source)) {
      this.#problems.push({ offset, message: 'a key must be text' });
      return undefined;
    }
    this.#checkTag(source);
    if (typeof source.value === 'string') return source.value;
    return this.#text.slice(offset, source.range![1]);
  }

  #checkTag(source: ParsedNode): void {
    if (isAlias(source) || source.tag === undefined || CORE_TAG.test(source.tag)) return;
    this.#problems.push({ offset: source.range![0], message: SYNTAX_MESSAGES.TAG_RESOLVE_FAILED! });
  }

  #resolve(name: string, start: number, end: number): Node {
    const target = this.#anchors.get(name);
    if (!target) {
      this.#problems.push({ offset: start, message: `unknown alias ${JSON.stringify(`*${name}`)}` });
      return { kind: 'scalar', start, end, value: null };
    }
    const before = this.#expansion;
    this.#expansion += this.#sizes.get(target)!;
    if (before <= MAX_EXPANSION && this.#expansion > MAX_EXPANSION) {
      this.#problems.push({ offset: start, message: `aliases stand for more than ${MAX_EXPANSION} values` });
    }
    return target;
  }

  /** Remembers how many nodes a node stands for, aliases followed. */
  #sized<T extends Node>(node: T, children: readonly Node[]): T {
    let size = 1;
    for (const child of children) size += this.#sizes.get(child) ?? 1;
    this.#sizes.set(node, size);
    return node;
  }
}

/** The part of the package's map that is read here. */
interface SourceMap {
  readonly flow?: boolean;
  readonly items: readonly {
    readonly key: ParsedNode;
    readonly value: ParsedNode | null;
    readonly srcToken?: { readonly start: readonly { readonly type: string; readonly offset: number }[] };
  }[];
}

const CORE_TAG = /^(?:!|tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq))$/;

/**
 * Our own words for what the package finds. Its messages quote the text, which may be a secret.
 */
const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'an anchor or alias needs a name, and the name cannot end in ":"',
  BAD_COLLECTION_TYPE: 'the tag does not fit the value',
  BAD_DQ_ESCAPE: 'a backslash in double quotes begins an escape, and this is none',
  BAD_INDENT: 'this line is not indented as it must be, or a bracket before it is not closed',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a value that begins with this character must be put in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a nested map must begin on its own line',
  BLOCK_IN_FLOW: 'a block cannot stand inside brackets or braces',
  KEY_OVER_1024_CHARS: 'a key is too long',
  MISSING_CHAR: 'a character is missing here, such as ":", "," or a closing bracket or quote',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line, with its ":"',
  MULTIPLE_ANCHORS: 'a value can have one anchor only',
  MULTIPLE_DOCS: 'the file must be one document',
  MULTIPLE_TAGS: 'a value can have one tag only',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'a tab cannot be used for indentation',
  TAG_RESOLVE_FAILED: 'tags ("!") are not supported',
  UNEXPECTED_TOKEN: 'this does not belong here',
};
