/**
 * The candidate that a misspelt word was most likely meant to be. Case is ignored; one edit is
 * forgiven for each three characters of the word, at least one and at most three. A beginning of three
 * characters or more stands for the one candidate that begins so.
 *
 * @returns the closest candidate, the first of equally close ones, or `undefined` when none is close
 *
 * @example
 * ```ts
 * suggest('domian', ['name', 'domains']); // "domains"
 * ```
 */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  return closest(word, candidates) ?? completion(word, candidates);
}

function closest(word: string, candidates: readonly string[]): string | undefined {
  let limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  let best: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance > limit || (best !== undefined && distance === limit)) continue;
    best = candidate;
    limit = distance;
  }
  // Everything is one edit away from a text of one character.
  return best !== undefined && limit < Math.max(word.length, 1) ? best : undefined;
}

function completion(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < 3) return undefined;
  const found = candidates.filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
  return found.length === 1 ? found[0] : undefined;
}

/**
 * How many characters must be inserted, removed, replaced or swapped with their neighbour to turn
 * one text into the other (optimal string alignment).
 */
export function editDistance(from: string, to: string): number {
  // A hostile word costs no more than a long one.
  const a = from.slice(0, 64);
  const b = to.slice(0, 64);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
