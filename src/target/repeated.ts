import type { HeaderPairs } from './head.ts';

const repeated = new WeakSet<HeaderPairs>();

/**
 * Says of these very pairs that they have come a second time. Only then it pays to remember what is made of them: to
 * remember takes longer than to make it anew.
 */
export function markRepeated(fields: HeaderPairs): void {
  repeated.add(fields);
}

/** Whether these very pairs have come before. */
export function isRepeated(fields: HeaderPairs): boolean {
  return repeated.has(fields);
}

/**
 * Wraps a function of fields so that for the same pairs it gives the same pairs, once they come again. What is
 * remembered lives as long as the pairs that it was made of, so it may say nothing that they do not: no credentials.
 *
 * @param make depends on nothing but its arguments
 * @returns the same function; of each pairs it knows the result for the last `given`
 */
export function rememberRepeated<Given>(
  make: (fields: HeaderPairs, given: Given) => HeaderPairs,
): (fields: HeaderPairs, given: Given) => HeaderPairs {
  const known = new WeakMap<HeaderPairs, { readonly given: Given; readonly made: HeaderPairs }>();
  return (fields, given) => {
    const last = known.get(fields);
    if (last !== undefined && last.given === given) return last.made;
    const made = make(fields, given);
    if (isRepeated(fields)) {
      markRepeated(made);
      known.set(fields, { given, made });
    }
    return made;
  };
}
