import type { HeaderPairs } from '../target/head.ts';

/** Header fields: of the Fetch API, or as they stood on the wire. */
export type Fields = Headers | HeaderPairs;

/** A request, as far as signatures see it. A `Request` of the Fetch API is one. */
export interface RequestMessage {
  readonly method: string;
  /** Absolute URL. */
  readonly url: string;
  readonly headers: Fields;
  readonly trailers?: Fields | undefined;
}

/** A response. A `Response` of the Fetch API is one; give its request along where a signature covers that too. */
export interface ResponseMessage {
  readonly status: number;
  readonly headers: Fields;
  readonly trailers?: Fields | undefined;
  /** The request that it answers, for components with `req`. */
  readonly request?: RequestMessage | undefined;
}

/** What can be signed. */
export type Message = RequestMessage | ResponseMessage;

/**
 * The lines of a field, each trimmed and unfolded (RFC 9421 §2.1).
 *
 * `Headers` has joined them, which is the same for all but the `bs` parameter.
 *
 * @param name in lower case
 * @returns `undefined` when the field is not there
 */
export function linesOf(fields: Fields | undefined, name: string): string[] | undefined {
  if (fields === undefined) return undefined;
  const lines = fields instanceof Headers
    ? [fields.get(name)].filter((value) => value !== null)
    : fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
  if (lines.length === 0) return undefined;
  return lines.map((line) => line.replace(/[ \t]*\r?\n[ \t]+/g, ' ').replace(/^[ \t]+|[ \t]+$/g, ''));
}

/** A field as one value, lines joined (RFC 9110 §5.3). */
export function fieldOf(fields: Fields | undefined, name: string): string | undefined {
  return linesOf(fields, name)?.join(', ');
}
