/**
 * The manifest in which a service says how agents call it: `/.well-known/alien-agent-id.json`. It
 * is third-party data: the schema is closed, every text is bounded, and every URL must stay under the service's authority.
 *
 * @module
 */

import { SigError } from '../errors.ts';
import type { Target } from '../target/target.ts';
import { isSameAuthority, parseServiceUrl } from './authority.ts';
import { broken, optional, readBoolean, readChoice, readList, readObject, readPattern, readText } from './closed.ts';
import { type InputSchema, readInputSchema } from './input_schema.ts';
import { parseStrictJson } from './strict_json.ts';

/** What a service says about an operation's effects. Hints: they can ask for more care, never for less. */
export interface Annotations {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

/** One thing that a service can do. */
export interface Operation {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `api.base`; `{name}` stands for a property of the input. */
  readonly path: string;
  readonly auth: 'required' | 'optional' | 'none';
  readonly inputSchema?: InputSchema;
  readonly outputSchema?: InputSchema;
  readonly annotations?: Annotations;
}

/** A manifest, rebuilt from what is known of it. */
export interface Manifest {
  readonly version: 1 | 2;
  readonly service?: { readonly name?: string; readonly url?: string };
  readonly auth: { readonly header: string; readonly scheme: 'DPoP' | 'Bearer' | 'none' };
  readonly api: { readonly base: string; readonly specUrl?: string; readonly operations?: readonly Operation[] };
}

/** Where a manifest comes from. */
export interface ManifestSource {
  readonly service: Target;
  /** Whether it may name plain http URLs, on loopback. Default false. */
  readonly allowInsecure?: boolean | undefined;
}

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;
const OPERATION_KEYS = [
  'name',
  'title',
  'description',
  'method',
  'path',
  'auth',
  'inputSchema',
  'outputSchema',
  'annotations',
] as const;

/**
 * Parses the text of a manifest.
 *
 * @throws {SigError} E_MANIFEST naming the place that is wrong
 *
 * @example
 * ```ts
 * const { target } = parseUrl('https://notes.example');
 * parseManifest(text, { service: target }).api.base; // "https://api.notes.example/v1"
 * ```
 */
export function parseManifest(text: string, source: ManifestSource): Manifest {
  const root = readObject(parseStrictJson(text, 'The manifest'), 'the document', ['version', 'service', 'auth', 'api']);
  const version = readChoice(root.version, 'version', [1, 2]);
  const service = optional(root.service, (value) => readService(value, source));
  const auth = readObject(root.auth, 'auth', ['header', 'scheme']);
  const api = readObject(root.api, 'api', ['base', 'specUrl', 'operations']);
  const base = readUrl(api.base, 'api.base', source);
  if (base.includes('?')) throw broken('api.base', 'has a query');
  const specUrl = optional(api.specUrl, (value) => readUrl(value, 'api.specUrl', source));
  if (api.operations !== undefined && version !== 2) throw broken('api.operations', 'needs version 2');
  const operations = optional(api.operations, readOperations);
  return {
    version,
    ...(service === undefined ? {} : { service }),
    auth: {
      header: readPattern(auth.header, 'auth.header', /^[A-Za-z0-9-]{1,64}$/),
      scheme: readChoice(auth.scheme ?? 'DPoP', 'auth.scheme', ['DPoP', 'Bearer', 'none']),
    },
    api: {
      base,
      ...(specUrl === undefined ? {} : { specUrl }),
      ...(operations === undefined ? {} : { operations }),
    },
  };
}

function readService(value: unknown, source: ManifestSource): NonNullable<Manifest['service']> {
  const service = readObject(value, 'service', ['name', 'url']);
  const name = optional(service.name, (given) => readText(given, 'service.name', 1, 80));
  const url = optional(service.url, (given) => readUrl(given, 'service.url', source));
  return { ...(name === undefined ? {} : { name }), ...(url === undefined ? {} : { url }) };
}

function readUrl(value: unknown, place: string, { service, allowInsecure }: ManifestSource): string {
  const text = readText(value, place, 1, 2048);
  try {
    const { target, href } = parseServiceUrl(text, allowInsecure);
    if (isSameAuthority(target, service)) return href;
  } catch (cause) {
    throw broken(place, cause instanceof SigError && cause.code === 'E_PLAINTEXT' ? 'is not https' : 'is not a URL');
  }
  throw broken(place, 'is not under the authority of the service');
}

function readOperations(value: unknown): Operation[] {
  const operations = readList(value, 'api.operations', 0, 50).map((one, i) =>
    readOperation(one, `api.operations[${i}]`)
  );
  const names = operations.map(({ name }) => name);
  const again = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (again >= 0) throw broken(`api.operations[${again}].name`, 'is that of another operation');
  return operations;
}

function readOperation(value: unknown, place: string): Operation {
  const operation = readObject(value, place, OPERATION_KEYS);
  const title = optional(operation.title, (given) => readText(given, `${place}.title`, 1, 80));
  const inputSchema = optional(operation.inputSchema, (given) => readInputSchema(given, `${place}.inputSchema`));
  const outputSchema = optional(operation.outputSchema, (given) => readInputSchema(given, `${place}.outputSchema`));
  const annotations = optional(operation.annotations, (given) => readAnnotations(given, `${place}.annotations`));
  return {
    name: readPattern(operation.name, `${place}.name`, /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/),
    ...(title === undefined ? {} : { title }),
    description: readText(operation.description, `${place}.description`, 1, 1024),
    method: readChoice(operation.method, `${place}.method`, ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    path: readPath(operation.path, `${place}.path`, inputSchema),
    auth: readChoice(operation.auth ?? 'required', `${place}.auth`, ['required', 'optional', 'none']),
    ...(inputSchema === undefined ? {} : { inputSchema }),
    ...(outputSchema === undefined ? {} : { outputSchema }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** A path that, joined to `api.base`, stays below it. */
function readPath(value: unknown, place: string, schema: InputSchema | undefined): string {
  const path = readText(value, place, 1, 200);
  if (!path.startsWith('/') || /[\s?#\\]/.test(path)) throw broken(place, 'is not a plain path that begins with "/"');
  for (const segment of path.split('/')) {
    if (/^(?:\.|%2e){1,2}$/i.test(segment)) throw broken(place, 'has a segment of dots');
  }
  for (const [, name] of path.matchAll(/\{([^{}]*)\}/g)) {
    if (schema?.properties && Object.hasOwn(schema.properties, name!)) continue;
    throw broken(place, `names {${name!.slice(0, 64)}}, which is no property of the input`);
  }
  if (/[{}]/.test(path.replaceAll(/\{[^{}]*\}/g, ''))) throw broken(place, 'has an unpaired brace');
  return path;
}

function readAnnotations(value: unknown, place: string): Annotations {
  const given = readObject(value, place, HINTS);
  return Object.fromEntries(
    HINTS.filter((hint) => given[hint] !== undefined).map((
      hint,
    ) => [hint, readBoolean(given[hint], `${place}.${hint}`)]),
  );
}
