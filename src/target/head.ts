import type { Target } from './target.ts';

/** Header fields in the order and case they were written, duplicates included. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/**
 * The head of a request: what policy decides on and what credentials are placed into. The command
 * line, the proxy and the library all bring their requests to this form.
 */
export interface RequestHead {
  readonly method: string;
  readonly target: Target;
  /** Origin-form request target: path and query, beginning with `/`. */
  readonly path: string;
  readonly headers: HeaderPairs;
}

/** The path of a head without its query. */
export function pathnameOf(head: Pick<RequestHead, 'path'>): string {
  const query = head.path.indexOf('?');
  return query < 0 ? head.path : head.path.slice(0, query);
}
