import { totpCode, totpSecondsLeft, type TotpSeed } from '../credential/totp.ts';
import type { BrowserPage, BrowserSession, Clock } from '../ports.ts';

/** A code that ends within so many seconds may come too late. */
const MARGIN_SEC = 2;
/** Wrong codes lock accounts. */
const MAX_CODES = 3;

/** Types one-time codes where they are asked for. */
export interface CodeTyper {
  /** @returns whether it typed one now */
  type(session: BrowserSession, pages: readonly BrowserPage[]): Promise<boolean>;
}

/**
 * Creates a typer for one login. No code is typed twice, since servers take each only once, and no
 * more than three in all.
 *
 * @param mayType whether an origin may get a code
 */
export function createCodeTyper(seed: TotpSeed, mayType: (origin: string) => boolean, clock: Clock): CodeTyper {
  const typed = new Set<string>();
  return {
    async type(session, pages) {
      const page = pages.find(({ asks, origin, isLoading }) =>
        asks === 'code' && origin !== null && !isLoading && mayType(origin)
      );
      const nowSec = clock.now() / 1000;
      if (
        page === undefined || page.origin === null || typed.size >= MAX_CODES ||
        totpSecondsLeft(seed, nowSec) < MARGIN_SEC
      ) return false;
      const code = await totpCode(seed, nowSec);
      if (typed.has(code) || !await session.fillCode(page.origin, code)) return false;
      typed.add(code);
      return true;
    },
  };
}
