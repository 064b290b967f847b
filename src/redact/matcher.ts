import { concatBytes } from '../encoding/bytes.ts';
import { indexNeedles, type NeedleIndex } from './needle_index.ts';
import type { FieldSecret, Needles } from './needles.ts';
import { type Findings, MAX_BUDGET, scan, type Span } from './scan.ts';

/** Finds needles. Made once for a set of secrets, used for any number of texts at once. */
export interface Matcher {
  /** What is redacted as a whole header field only. */
  readonly fields: readonly FieldSecret[];
  /** Told of each mark that is put into a text that comes in chunks, and of each header field with one. */
  readonly onMark?: (() => void) | undefined;
  /** Begins a text that comes in chunks. */
  begin(): Redaction;
  /** Redacts a text that is there as a whole, and counts nothing. The very same array when it is clean. */
  redact(bytes: Uint8Array): Uint8Array;
}

/** One text under way. */
export interface Redaction {
  /**
   * Takes the next chunk and answers with what can be passed on: everything but a last part that
   * may be the beginning of a secret. Clean chunks come back as they are, not copied.
   */
  push(chunk: Uint8Array): Uint8Array[];
  /** Ends the text and answers with the rest of it. Another one may begin after that. */
  flush(): Uint8Array[];
  /**
   * Takes a text that is there as a whole: the same as `push` and `flush`, counts and marks included, in one step and
   * for half the time. Nothing of another text may be under way.
   *
   * @returns the very same array when it is clean
   */
  whole(text: Uint8Array): Uint8Array;
  /**
   * Passes on all that is held back, redacted as if the text ended here, without forgetting it: the rest of a
   * secret that has begun will still be redacted. For messages, which cannot wait for what comes after them.
   */
  settle(): Uint8Array[];
  /**
   * Passes on what is held back if it is no more than {@link RELEASE_LENGTH} bytes, without forgetting
   * it: the rest of a secret that has begun there will still be redacted. For terminals, when a
   * prompt must show. Who prints a secret slowly shows those first bytes of it and no more.
   */
  release(): Uint8Array[];
  /** How many bytes are held back now. */
  readonly heldLength: number;
  /** Redactions so far, by provider. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Makes a matcher. Overlapping secrets are replaced by one mark, adjacent ones by one each.
 *
 * @example
 * ```ts
 * const matcher = createMatcher(createNeedles(secrets));
 * const redaction = matcher.begin();
 * for await (const chunk of body) for (const piece of redaction.push(chunk)) write(piece);
 * for (const piece of redaction.flush()) write(piece);
 * ```
 */
export function createMatcher(
  { needles, fields }: Pick<Needles, 'needles' | 'fields'>,
  onMark?: Matcher['onMark'],
): Matcher {
  if (needles.length === 0) return { fields, onMark, begin: () => PASS_THROUGH, redact: (bytes) => bytes };
  const index = indexNeedles(needles);
  return {
    fields,
    onMark,
    begin: () => new TextRedaction(index, onMark),
    redact: (bytes) => redactWhole(index, bytes, undefined),
  };
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** How many bytes of what may be a secret can be released: its beginning is often known anyway. */
export const RELEASE_LENGTH = 3;
/** With how much of the next chunk held bytes are joined, so that the rest need not be copied. */
const JOIN_LENGTH = 64;

/** What a text under way remembers. */
interface State {
  /** The end of the text so far, which may be the beginning of a needle. */
  held: Uint8Array;
  /** How many of the held bytes are done with: passed on already, or covered by a mark. */
  skip: number;
  /** Whether those are covered by a mark, which then also stands for all that overlaps them. */
  isMarked: boolean;
  /** How much may be compared; see `MatchCursor`. */
  budget: number;
  counts: Map<string, number> | undefined;
  readonly onMark: Matcher['onMark'];
}

const NO_COUNTS: ReadonlyMap<string, number> = new Map();

function newState(onMark: Matcher['onMark']): State {
  return { held: NOTHING, skip: 0, isMarked: false, budget: MAX_BUDGET, counts: undefined, onMark };
}

/** @param state receives the counts, if there is one */
function redactWhole(index: NeedleIndex, bytes: Uint8Array, state: State | undefined): Uint8Array {
  const found = scan(index, bytes, true);
  if (found.spans.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  passFound(state ?? newState(undefined), found, bytes, pieces);
  return pieces.length === 1 ? pieces[0]! : concatBytes(...pieces);
}

/** A text in which nothing is looked for. */
const PASS_THROUGH: Redaction = {
  push: (chunk) => [chunk],
  flush: () => [],
  whole: (text) => text,
  settle: () => [],
  release: () => [],
  heldLength: 0,
  counts: NO_COUNTS,
};

// One is made for each answer: plain properties are made faster than private ones.
class TextRedaction implements Redaction {
  readonly index: NeedleIndex;
  readonly state: State;

  constructor(index: NeedleIndex, onMark: Matcher['onMark']) {
    this.index = index;
    this.state = newState(onMark);
  }

  push(chunk: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    const taken = joinHeld(this.state, this.index, chunk, pieces);
    const rest = taken === 0 ? chunk : chunk.subarray(taken);
    if (rest.length > 0) passOn(this.state, this.index, rest, false, pieces);
    return pieces;
  }

  flush(): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    if (this.state.held.length > 0) passOn(this.state, this.index, this.state.held, true, pieces);
    return pieces;
  }

  whole(text: Uint8Array): Uint8Array {
    return redactWhole(this.index, text, this.state);
  }

  settle(): Uint8Array[] {
    const state = this.state;
    if (this.heldLength === 0) return [];
    // What is whole already may only have been held because it could go on.
    const { spans } = scan(this.index, state.held, true, state.budget);
    return spans.length > 0 ? this.flush() : showHeld(state);
  }

  release(): Uint8Array[] {
    const state = this.state;
    return this.heldLength === 0 || state.held.length > RELEASE_LENGTH ? [] : showHeld(state);
  }

  get heldLength(): number {
    return this.state.held.length - this.state.skip;
  }

  get counts(): ReadonlyMap<string, number> {
    return this.state.counts ?? NO_COUNTS;
  }
}

/** Passes on what is held, and goes on with it as the beginning of what may follow. */
function showHeld(state: State): Uint8Array[] {
  const piece = state.held.subarray(state.skip);
  state.skip = state.held.length;
  state.isMarked = false;
  return [piece];
}

/**
 * Decides the held bytes with as little of the chunk as that needs.
 *
 * @returns where the chunk goes on; its length when all of it was taken
 */
function joinHeld(state: State, index: NeedleIndex, chunk: Uint8Array, pieces: Uint8Array[]): number {
  let taken = 0;
  while (state.held.length > 0 && taken < chunk.length) {
    const more = Math.min(chunk.length - taken, Math.max(JOIN_LENGTH, state.held.length));
    const joined = concatBytes(state.held, chunk.subarray(taken, taken + more));
    taken += more;
    passOn(state, index, joined, false, pieces);
    if (taken < chunk.length && state.held.length <= taken) {
      taken -= state.held.length;
      state.held = NOTHING;
      break;
    }
  }
  return taken;
}

/** Scans bytes, adds what can be passed on to `pieces`, and remembers the rest. */
function passOn(state: State, index: NeedleIndex, bytes: Uint8Array, final: boolean, pieces: Uint8Array[]): void {
  passFound(state, scan(index, bytes, final, state.budget), bytes, pieces);
}

function passFound(state: State, found: Findings, bytes: Uint8Array, pieces: Uint8Array[]): void {
  const { spans, pending, budget } = found;
  state.budget = budget;
  let done = state.skip;
  for (const { start, end, needle } of spans.length > 1 ? spans.toSorted(bySpan) : spans) {
    if (start >= pending) break;
    if (!state.isMarked || start >= done) {
      if (start > done) pieces.push(bytes.subarray(done, start));
      pieces.push(needle.mark);
      count(state, needle.provider);
      state.isMarked = true;
    }
    done = Math.max(done, end);
  }
  if (done < pending) pieces.push(done === 0 && pending === bytes.length ? bytes : bytes.subarray(done, pending));
  state.skip = Math.max(0, done - pending);
  state.isMarked &&= state.skip > 0;
  // A copy: slice() of a Buffer would keep all of it.
  state.held = pending < bytes.length ? new Uint8Array(bytes.subarray(pending)) : NOTHING;
}

function count(state: State, provider: string): void {
  state.counts ??= new Map();
  state.counts.set(provider, (state.counts.get(provider) ?? 0) + 1);
  state.onMark?.();
}

/** By place; of those that begin together the longest first, since it names the mark. */
function bySpan(a: Span, b: Span): number {
  return a.start - b.start || b.end - a.end || (a.needle.provider < b.needle.provider ? -1 : 1);
}
