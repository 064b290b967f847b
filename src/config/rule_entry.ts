import type { AllowRule, ApplyRule, ExtractRule, Strategy } from './config.ts';
import { type Field, readChoice, readMap, readText } from './field.ts';

const EXTRACT_KEYS = ['from', 'as', 'match', 'jsonPath', 'expiresJsonPath'];
const APPLY_KEYS = ['in', 'name', 'value', 'action'];
const ALLOW_KEYS = ['methods', 'method', 'path'];
/** What each strategy can extract from. */
const SOURCES = {
  browser: ['cookies', 'localStorage', 'sessionStorage'],
  oauth2: ['oauth2'],
  prompt: ['prompt'],
} as const;
const KEY = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Reads an item of `extract`. */
export function readExtractRule(item: Field, strategy: Strategy | undefined): ExtractRule | undefined {
  const fields = readMap(item, EXTRACT_KEYS, 'an extract rule');
  if (!fields) return undefined;
  const as = readRequired(fields, 'as', item, 'an extract rule', readText);
  const sources = strategy === undefined || strategy === 'key' ? Object.values(SOURCES).flat() : SOURCES[strategy];
  const from = readRequired(fields, 'from', item, 'an extract rule', (field) => readChoice(field, sources));
  const optional = readOptional(fields, ['match', 'jsonPath', 'expiresJsonPath']);
  if (as === undefined) return undefined;
  if (!KEY.test(as)) {
    item.scope.report(fields.get('as')!.offset, '"as" is not a name', 'use letters, digits, ".", "_" and "-"');
    return undefined;
  }
  // With a mistake in it the rule is never used, but what it defines is known to "apply".
  return { from: from ?? sources[0]!, as, ...optional };
}

/** Reads an item of `apply`. */
export function readApplyRule(item: Field): ApplyRule | undefined {
  const fields = readMap(item, APPLY_KEYS, 'an apply rule');
  if (!fields) return undefined;
  const place = readRequired(fields, 'in', item, 'an apply rule', readPlace);
  const name = readRequired(fields, 'name', item, 'an apply rule', readText);
  const action = readChoice(fields.get('action'), ['set', 'append', 'remove']);
  const value = action === 'remove' && !fields.has('value')
    ? ''
    : readRequired(fields, 'value', item, 'an apply rule', readText);
  if (place === undefined || name === undefined || value === undefined) return undefined;
  return { in: place, name, value, ...(action === undefined ? {} : { action }) };
}

function readPlace(field: Field): ApplyRule['in'] | undefined {
  return readChoice(field, ['header', 'query', 'body']);
}

/** Reads an item of `allow`: `GET,POST /path`, `/path`, or a map with `methods` or `method`, and `path`. */
export function readAllowRule(item: Field): AllowRule | undefined {
  const { node, scope, offset } = item;
  if (node.kind === 'scalar') {
    const text = readText(item);
    if (text === undefined) return undefined;
    const found = /^(?:([^\s/]+)[ \t]+)?(\S+)$/.exec(text);
    if (!found) {
      scope.report(offset, 'an allow rule must be a method and a path', 'write "GET /api/**"');
      return undefined;
    }
    const methods = found[1]?.split(',').map((method) => checkMethod(method, item, offset));
    const path = checkPath(found[2]!, item, offset);
    if (path === undefined || methods?.includes(undefined)) return undefined;
    return { path, ...(methods === undefined ? {} : { methods: methods as string[] }) };
  }
  const fields = readMap(item, ALLOW_KEYS, 'an allow rule');
  if (!fields) return undefined;
  const methods = readMethods(fields, item);
  const text = readRequired(fields, 'path', item, 'an allow rule', readText);
  const path = text === undefined ? undefined : checkPath(text, item, fields.get('path')!.offset);
  if (path === undefined) return undefined;
  return { path, ...(methods === undefined ? {} : { methods }) };
}

function readMethods(fields: ReadonlyMap<string, Field>, item: Field): string[] | undefined {
  const many = fields.get('methods');
  const one = fields.get('method');
  if (many && one) {
    item.scope.report(one.offset, '"method" and "methods" are the same thing', 'write one of them');
    return undefined;
  }
  const field = many ?? one;
  if (!field) return undefined;
  const nodes = field.node.kind === 'list' ? field.node.items : [field.node];
  if (nodes.length === 0) field.scope.report(field.offset, `${field.label} is an empty list`);
  return nodes.flatMap((node) => {
    const text = readText({ ...field, node, offset: node.start });
    const method = text === undefined ? undefined : checkMethod(text, item, node.start);
    return method === undefined ? [] : [method];
  });
}

/** Methods are case-sensitive (RFC 9110 §9.1), and all that are registered are in capitals. */
function checkMethod(method: string, item: Field, offset: number): string | undefined {
  if (/^[A-Z][A-Z-]{0,31}$/.test(method)) return method;
  const upper = method.toUpperCase();
  const hint = /^[A-Z][A-Z-]{0,31}$/.test(upper) ? `did you mean "${upper}"?` : undefined;
  item.scope.report(offset, `${JSON.stringify(method.slice(0, 32))} is not a method`, hint);
  return undefined;
}

function checkPath(path: string, item: Field, offset: number): string | undefined {
  const report = (message: string, hint?: string) => {
    item.scope.report(offset, message, hint);
    return undefined;
  };
  if (!path.startsWith('/')) return report('a path of "allow" must begin with "/"');
  if (/[?#]/.test(path)) return report('a path of "allow" cannot have a query or a fragment');
  // deno-lint-ignore no-control-regex
  if (/[^\x21-\x7e]/.test(path)) return report('a path of "allow" must be written as in a URL', 'percent-encode it');
  // Requests with such paths are refused anyway: servers disagree about what they mean.
  if (/%2f|%5c|%2e|\/\.{1,2}(?:\/|$)|\\|\/\//i.test(path)) return report('no request can have this path');
  const segments = path.split('/');
  if (segments.slice(0, -1).some((segment) => segment.includes('**')) || /[^/]\*\*|\*\*[^/]/.test(path)) {
    return report('"**" can only be the last segment of a path', 'use "*" for any text within a segment');
  }
  return path;
}

function readRequired<T>(
  fields: ReadonlyMap<string, Field>,
  key: string,
  item: Field,
  what: string,
  read: (field: Field) => T | undefined,
): T | undefined {
  const field = fields.get(key);
  if (field) return read(field);
  item.scope.report(item.offset, `${what} needs "${key}"`);
  return undefined;
}

function readOptional<K extends string>(
  fields: ReadonlyMap<string, Field>,
  keys: readonly K[],
): { [key in K]?: string } {
  const found: { [key in K]?: string } = {};
  for (const key of keys) {
    const text = readText(fields.get(key));
    if (text !== undefined) found[key] = text;
  }
  return found;
}
