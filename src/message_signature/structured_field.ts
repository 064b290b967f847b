/**
 * Structured field values (RFC 9651): the syntax of `Signature-Input`, `Signature`,
 * `Content-Digest` and `Signature-Agent`.
 *
 * Written here and not taken from a package because a signature base needs every value written
 * back as it was read, decimals such as `1.0` included, and because this must run without
 * dependencies at the edge.
 *
 * @module
 */

/** A value that needs its type beside it. Integers, strings, booleans and bytes are themselves. */
export type Tagged =
  | { readonly type: 'token' | 'displayString'; readonly value: string }
  | { readonly type: 'decimal' | 'date'; readonly value: number };

/** A value without parameters. A number is an integer. */
export type BareItem = number | string | boolean | Uint8Array<ArrayBuffer> | Tagged;

/** Parameters in their order. */
export type Parameters = ReadonlyMap<string, BareItem>;

/** A value and its parameters. */
export interface Item {
  readonly value: BareItem;
  readonly params: Parameters;
}

/** Items in parentheses, and their parameters. */
export interface InnerList {
  readonly items: readonly Item[];
  readonly params: Parameters;
}

/** What a list or dictionary holds. */
export type Member = Item | InnerList;

/** Members by key, in their order. */
export type Dictionary = ReadonlyMap<string, Member>;

/** Whether a member is an inner list. */
export function isInnerList(member: Member): member is InnerList {
  return 'items' in member;
}
