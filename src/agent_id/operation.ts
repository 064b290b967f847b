import { type Bytes, encodeUtf8 } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import { originOf, parseUrl } from '../target/target.ts';
import { needsConfirmation } from './capabilities.ts';
import { checkInput } from './input_schema.ts';
import type { Manifest, Operation } from './manifest.ts';

/** A request that an operation becomes. */
export interface PlannedCall {
  readonly method: string;
  readonly url: string;
  readonly body?: Bytes;
  readonly contentType?: string;
  /** Whether it carries the agent's token. */
  readonly isSigned: boolean;
}

/**
 * Turns an operation of a manifest and its input into a request. Properties that the path names go
 * there; of the rest, GET and DELETE make a query and the others a JSON body.
 *
 * @param confirmed whether a person said yes to a destructive one
 * @throws {SigError} E_USAGE when there is no such operation or the input does not fit; E_CONFIRM; E_MANIFEST when the
 * service wants something other than a DPoP token in `Authorization`
 */
export function planOperation(
  manifest: Manifest,
  name: string,
  input: Readonly<Record<string, unknown>>,
  confirmed: boolean,
): PlannedCall {
  const operations = manifest.api.operations ?? [];
  const operation = operations.find((one) => one.name === name);
  if (!operation) {
    throw new SigError('E_USAGE', `The service has no operation ${JSON.stringify(name.slice(0, 64))}`, {
      hint: 'list them: agent-id capabilities --url URL',
    });
  }
  checkInput(operation.inputSchema, input);
  if (needsConfirmation(operation) && !confirmed) {
    throw new SigError('E_CONFIRM', `Operation "${name}" destroys something`, {
      hint: 'ask the user, then add --confirm-destructive',
    });
  }
  const isSigned = operation.auth !== 'none' && manifest.auth.scheme !== 'none';
  if (isSigned && (manifest.auth.scheme !== 'DPoP' || manifest.auth.header.toLowerCase() !== 'authorization')) {
    // RFC 9449 §7.2: a token that is bound to a key is never presented as a bearer token.
    throw new SigError('E_MANIFEST', 'The service does not take a DPoP token in "Authorization"');
  }
  const { path, rest } = fillPath(operation, input);
  const url = joinBelow(manifest.api.base, path);
  const { method } = operation;
  if (method === 'GET' || method === 'DELETE') return { method, url: withQuery(url, rest), isSigned };
  if (operation.inputSchema === undefined) return { method, url, isSigned };
  const body = encodeUtf8(JSON.stringify(Object.fromEntries(rest)));
  return { method, url, body, contentType: 'application/json', isSigned };
}

function fillPath(
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
): { path: string; rest: [string, unknown][] } {
  const used = new Set<string>();
  const path = operation.path.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    used.add(name);
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    const text = typeof value === 'object' || value === undefined ? '' : String(value);
    // Dots are not encoded by anything, and would climb out of the base.
    if (text === '' || /^\.{1,2}$/.test(text)) {
      throw new SigError(
        'E_USAGE',
        `Cannot put ${JSON.stringify(name)} into the path: it is empty or not a plain value`,
      );
    }
    return encodeURIComponent(text);
  });
  return { path, rest: Object.entries(input).filter(([name]) => !used.has(name)) };
}

/** Joins a path to a base, and makes sure that it is still below it. */
function joinBelow(base: string, path: string): string {
  const parsed = parseUrl(base);
  const below = parsed.path.replace(/\/$/, '');
  const joined = parseUrl(originOf(parsed.target) + below + path);
  if (joined.path.startsWith(`${below}/`)) return joined.href;
  throw new SigError('E_MANIFEST', 'The operation leads out of the base URL of its service');
}

function withQuery(url: string, rest: readonly (readonly [string, unknown])[]): string {
  const query = new URLSearchParams();
  for (const [name, value] of rest) {
    for (const one of Array.isArray(value) ? value : [value]) {
      query.append(name, typeof one === 'string' ? one : JSON.stringify(one));
    }
  }
  return query.size === 0 ? url : `${url}?${query}`;
}
