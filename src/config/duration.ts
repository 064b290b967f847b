const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const UNITS = Object.keys(SECONDS) as (keyof typeof SECONDS)[];
/** Ten years: more is a slip of the pen. */
const MAX_SEC = 3650 * SECONDS.d;

/**
 * Reads a duration of config.yaml: a whole number and `s`, `m`, `h` or `d`.
 *
 * @returns seconds, from 1 to ten years, or `undefined` when the text is anything else
 *
 * @example
 * ```ts
 * parseDuration('12h'); // 43200
 * ```
 */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,9})([smhd])$/.exec(text);
  if (!found) return undefined;
  const seconds = Number(found[1]) * SECONDS[found[2] as keyof typeof SECONDS];
  return seconds >= 1 && seconds <= MAX_SEC ? seconds : undefined;
}

/**
 * Writes a duration in the largest unit that takes it whole.
 *
 * @param seconds a positive whole number
 */
export function formatDuration(seconds: number): string {
  const unit = UNITS.findLast((name) => seconds % SECONDS[name] === 0) ?? 's';
  return `${seconds / SECONDS[unit]}${unit}`;
}
