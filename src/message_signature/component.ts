import { encodeUtf8 } from '../encoding/bytes.ts';
import { fieldOf, type Fields, linesOf, type Message, type RequestMessage } from './message.ts';
import { parseDictionary, parseItem, parseList } from './parse_structured_field.ts';
import { serializeDictionary, serializeList, serializeMember } from './serialize_structured_field.ts';
import type { Item, Parameters } from './structured_field.ts';

/** A covered component: a field name or a derived name such as `@method`, with its parameters. */
export interface Component {
  readonly name: string;
  readonly params: Parameters;
}

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const FIELD_PARAMS = new Set(['sf', 'key', 'bs', 'tr', 'req']);

/** The fields whose structured type is known, for the `sf` parameter (RFC 9421 §2.1.1). */
const FIELD_TYPES: Readonly<Record<string, 'dictionary' | 'list' | 'item'>> = {
  'accept-signature': 'dictionary',
  'cache-status': 'list',
  'content-digest': 'dictionary',
  'priority': 'dictionary',
  'proxy-status': 'list',
  'repr-digest': 'dictionary',
  'signature': 'dictionary',
  'signature-agent': 'dictionary',
  'signature-input': 'dictionary',
  'want-content-digest': 'dictionary',
  'want-repr-digest': 'dictionary',
};

const DERIVED: Readonly<Record<string, (request: RequestMessage, url: URL, component: Component) => string>> = {
  '@method': (request) => request.method,
  '@target-uri': (_, url) => Object.assign(url, { hash: '' }).href,
  '@authority': (_, url) => url.host,
  '@scheme': (_, url) => url.protocol.slice(0, -1),
  '@request-target': (_, url) => url.pathname + url.search,
  '@path': (_, url) => url.pathname,
  '@query': (_, url) => url.search || '?',
  '@query-param': (_, url, component) => queryParam(url, component),
};

/**
 * Reads a component as a caller writes it: a bare name, `content-type` or `@method`, or an
 * identifier with parameters, `"@authority";req` or `"signature-agent";key="sig1"`.
 *
 * @throws {TypeError} when it is neither
 */
export function readComponent(text: string): Component {
  if (!text.startsWith('"')) return { name: text.toLowerCase(), params: new Map() };
  return componentOf(parseItem(text));
}

/**
 * A component out of the inner list of `Signature-Input`.
 *
 * @throws {TypeError} when the item is not a string
 */
export function componentOf(item: Item): Component {
  if (typeof item.value !== 'string') throw new TypeError('A component is named by a string');
  return { name: item.value, params: item.params };
}

/** The identifier as it stands in a signature base. */
export function formatComponent(component: Component): string {
  return serializeMember({ value: component.name, params: component.params });
}

/** Equal for two identifiers that mean the same: the order of parameters does not count (RFC 9421 §2). */
export function componentKey(component: Component): string {
  return formatComponent({
    name: component.name,
    params: new Map([...component.params].sort(([a], [b]) => a < b ? -1 : 1)),
  });
}

/**
 * The value of a component in a message (RFC 9421 §2.1 and §2.2).
 *
 * @throws {TypeError} when it is not there, ambiguous, or has parameters that do not belong
 */
export function componentValue(component: Component, message: Message): string {
  const value = component.name.startsWith('@') ? derivedValue(component, message) : fieldValue(component, message);
  // A line break would let one component pose as several (§7.5.6); the base is ASCII (§2.5).
  if (!/^[\t\x20-\x7E]*$/.test(value)) fail(component, 'has characters that cannot be signed');
  return value;
}

function derivedValue(component: Component, message: Message): string {
  const { name, params } = component;
  const isQueryParam = name === '@query-param';
  for (const param of params.keys()) {
    if (param !== 'req' && !(isQueryParam && param === 'name')) fail(component, `takes no parameter "${param}"`);
  }
  if (name === '@status') {
    if (params.has('req') || !('status' in message)) fail(component, 'belongs to a response');
    return String(message.status);
  }
  const derive = Object.hasOwn(DERIVED, name) ? DERIVED[name]! : fail(component, 'is not known');
  const request = sourceOf(component, message);
  if ('status' in request) fail(component, 'belongs to a request');
  return derive(request, new URL(request.url), component);
}

function fieldValue(component: Component, message: Message): string {
  const { name, params } = component;
  if (!FIELD_NAME.test(name)) fail(component, 'is not a field name in lower case');
  for (const param of params.keys()) if (!FIELD_PARAMS.has(param)) fail(component, `takes no parameter "${param}"`);
  const source = sourceOf(component, message);
  const fields: Fields | undefined = params.get('tr') === true ? source.trailers : source.headers;
  const lines = linesOf(fields, name) ?? fail(component, 'is not in the message');
  const key = params.get('key');
  const isStrict = params.has('sf');
  if (params.has('bs')) {
    if (key !== undefined || isStrict) fail(component, 'cannot be both "bs" and structured');
    // Of Headers, a comma may be the seam of two lines that should be wrapped apart (§2.1.3).
    if (fields instanceof Headers && lines[0]!.includes(',')) fail(component, 'has lines that were joined');
    return lines.map((line) => serializeMember({ value: latin1(line, component), params: new Map() })).join(', ');
  }
  const text = fieldOf(fields, name)!;
  if (key !== undefined) {
    const member = typeof key === 'string' ? parseDictionary(text).get(key) : undefined;
    return member ? serializeMember(member) : fail(component, 'has no such member');
  }
  return isStrict ? strictly(text, component) : text;
}

function strictly(text: string, component: Component): string {
  switch (Object.hasOwn(FIELD_TYPES, component.name) ? FIELD_TYPES[component.name] : undefined) {
    case 'dictionary':
      return serializeDictionary(parseDictionary(text));
    case 'list':
      return serializeList(parseList(text));
    case 'item':
      return serializeMember(parseItem(text));
    default:
      return fail(component, 'is not known as a structured field');
  }
}

/** The message a component is about: with `req` the request that a response answers (RFC 9421 §2.4). */
function sourceOf(component: Component, message: Message): Message {
  if (!component.params.has('req')) return message;
  if (!('status' in message) || !message.request) fail(component, 'needs the request of a response');
  return message.request;
}

/** RFC 9421 §2.2.8: decoded as a form, the value percent-encoded again. */
function queryParam(url: URL, component: Component): string {
  const name = component.params.get('name');
  if (typeof name !== 'string') fail(component, 'needs a parameter "name"');
  const values = [...url.searchParams].filter(([key]) => encodeQuery(key) === name).map(([, value]) => value);
  if (values.length !== 1) {
    fail(component, values.length === 0 ? 'is not in the query' : 'is in the query several times');
  }
  return encodeQuery(values[0]!);
}

function encodeQuery(text: string): string {
  const escape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()~]/g, escape);
}

function latin1(line: string, component: Component): Uint8Array<ArrayBuffer> {
  if (/[^\x00-\xFF]/.test(line)) fail(component, 'has characters that cannot be signed');
  // Fetch gives each byte as one character; ASCII is the same either way.
  return /[^\x00-\x7F]/.test(line) ? Uint8Array.from(line, (character) => character.charCodeAt(0)) : encodeUtf8(line);
}

function fail(component: Component, why: string): never {
  throw new TypeError(`Component "${component.name}" ${why}`);
}
