import type { ConfigIssue } from './config.ts';

/** What a text says, and its mistakes. */
export interface Loaded<T> {
  /** Not used when there is a mistake. */
  readonly value: T;
  readonly issues: readonly ConfigIssue[];
}

/** A configuration that follows its file and never gets worse than it was. */
export interface LiveConfig<T> {
  /** What the last good text said. */
  readonly current: T;
  /** Mistakes of the newest text; none when `current` is what it says. */
  readonly issues: readonly ConfigIssue[];
  /**
   * Takes a new text. One with mistakes changes nothing but `issues` (security case C8): whatever
   * was enforced goes on being enforced.
   *
   * @returns whether `current` is a new value
   */
  update(text: string): boolean;
}

/**
 * Follows a configuration whose text changes while it is in use.
 *
 * @param initial what the text said at the beginning, without a mistake
 * @param load reads a text; what it throws leaves everything as it was
 *
 * @example
 * ```ts
 * const load = (text: string) => {
 *   const config = parseConfig(text);
 *   return { value: config, issues: config.issues };
 * };
 * const live = createLiveConfig(load(text).value, load);
 * ```
 */
export function createLiveConfig<T>(initial: T, load: (text: string) => Loaded<T>): LiveConfig<T> {
  let current = initial;
  let issues: readonly ConfigIssue[] = [];
  return {
    get current() {
      return current;
    },
    get issues() {
      return issues;
    },
    update(text) {
      const loaded = load(text);
      issues = loaded.issues;
      if (issues.length > 0) return false;
      current = loaded.value;
      return true;
    },
  };
}
