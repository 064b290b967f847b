import { type Cookie, isExpiredCookie } from '../credential/cookie.ts';
import type { Credential } from '../credential/credential.ts';
import type { TotpSeed } from '../credential/totp.ts';
import { isSigError, SigError } from '../errors.ts';
import type { BrowserPage, BrowserSession } from '../ports.ts';
import { bindingOf } from '../provider/binding.ts';
import type { Provider } from '../provider/provider.ts';
import { Secret } from '../secret.ts';
import { isApprovedOrigin, parseOrigin } from './approved_origin.ts';
import { expiryOf } from './expiry.ts';
import { extract, type Extraction } from './extract.ts';
import { isLoginPage } from '../provider/login_page.ts';
import type { OAuth2Ports } from './oauth2.ts';
import type { CodeTyper } from './one_time_code.ts';
import { createJudge, type Judge } from './verdict.ts';

/** What a login with an open browser is doing, for whoever shows it. */
export interface BrowserProgress {
  readonly stage: 'renewing' | 'waiting' | 'asking';
  /** Host of the tab that a person looks at; absent before anything is shown. */
  readonly host?: string;
  /** When the login is given up, in milliseconds since 1970. */
  readonly endsAtMs: number;
}

/** One try with one browser. */
export interface Attempt {
  readonly provider: Provider;
  readonly old: Credential | undefined;
  readonly session: BrowserSession;
  readonly mode: 'headless' | 'visible';
  readonly entryUrl: string;
  readonly ports: OAuth2Ports;
  /** Kept with the new login. */
  readonly totp: TotpSeed | undefined;
  readonly codes: CodeTyper | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Whether the person has said by now that they are signed in. */
  readonly isConfirmed: () => boolean;
  readonly progress: (state: BrowserProgress) => void;
}

/** How a try ended. */
export type Outcome =
  | { readonly kind: 'login'; readonly credential: Credential }
  /** Nobody is signed in, or nobody can tell whether. */
  | {
    readonly kind: 'none';
    readonly why: 'time' | 'closed' | 'idle';
    readonly verdict: 'no' | 'unknown' | 'missing';
    /** The `as` of rules that found nothing, at the last look. */
    readonly missing: readonly string[];
  };

/** Pages must keep still for so long before they are read. */
const QUIET_MS = 250;
/** A hidden browser that keeps still for so long is not on its way to a login. */
const IDLE_MS = 4_000;
/** The same where it shows a password field. */
const ASKING_IDLE_MS = 1_200;
/** Between two questions to the site at least. */
const RECHECK_MS = 700;
/** Between two questions about the same cookies; grows. */
const FIRST_RECHECK_MS = 2_000;
const LAST_RECHECK_MS = 15_000;
const POLL_MS = 1_000;

/** What is known between two looks. */
interface Watch {
  readonly startMs: number;
  before: Extraction | undefined;
  judge: Judge | undefined;
  pagesMark: string;
  isLoading: boolean;
  isAsking: boolean;
  changedAtMs: number;
  /** Whether a person was asked for a password or code, or the login is a renewal. */
  hasSigns: boolean;
  checked: Checked | undefined;
}

/** What was judged last. */
interface Checked {
  readonly extraction: Extraction;
  readonly mark: string;
  readonly verdict: 'no' | 'unknown' | 'missing';
  readonly atMs: number;
  readonly waitMs: number;
}

/**
 * Follows an open browser until it holds a real login of the provider.
 *
 * @throws {SigError} E_INTERRUPTED when the signal says so; what probing the site throws
 */
export async function attemptLogin(attempt: Attempt): Promise<Outcome> {
  const { session, ports, timeoutMs, signal } = attempt;
  const startMs = ports.clock.now();
  const watch: Watch = {
    startMs,
    before: undefined,
    judge: undefined,
    pagesMark: '',
    isLoading: true,
    isAsking: false,
    changedAtMs: startMs,
    hasSigns: attempt.mode === 'headless' && attempt.old !== undefined,
    checked: undefined,
  };
  for (;;) {
    if (signal?.aborted) throw new SigError('E_INTERRUPTED', 'Login was cancelled', { provider: attempt.provider.id });
    if (session.isClosed) return concludeClosed(attempt, watch);
    try {
      const credential = await look(attempt, watch);
      if (credential) return { kind: 'login', credential };
      if (ports.clock.now() - startMs >= timeoutMs) return giveUp(watch, 'time');
      if (isIdle(attempt, watch)) return giveUp(watch, 'idle');
      await session.waitForChange(pauseMs(watch, startMs + timeoutMs, ports.clock.now()));
    } catch (error) {
      // The person closed it in the middle of a look.
      if (!isSigError(error, 'E_BROWSER') || !session.isClosed) throw error;
    }
  }
}

/** Until the next look, when nothing changes before: at once when pages have kept still for long enough. */
function pauseMs(watch: Watch, endsAtMs: number, nowMs: number): number {
  const quietInMs = watch.changedAtMs + QUIET_MS - nowMs;
  return Math.max(1, Math.min(POLL_MS, endsAtMs - nowMs, quietInMs > 0 ? quietInMs : POLL_MS));
}

/** One look at the browser. */
async function look(attempt: Attempt, watch: Watch): Promise<Credential | undefined> {
  const { provider, session, ports, entryUrl } = attempt;
  const pages = await session.pages();
  const nowMs = ports.clock.now();
  const mark = JSON.stringify(pages.map(({ url, isLoading, asks }) => [url, isLoading, asks]));
  if (mark !== watch.pagesMark) {
    watch.pagesMark = mark;
    watch.changedAtMs = nowMs;
  }
  watch.isLoading = pages.some(({ isLoading }) => isLoading);
  watch.isAsking = pages.some(({ asks }) => asks === 'password');
  if (attempt.mode === 'visible' && pages.some(({ asks }) => asks !== null)) watch.hasSigns = true;
  const isApproved = (page: BrowserPage) => isApprovedOrigin(provider, page.origin, entryUrl);
  tell(attempt, watch, pages);
  watch.before ??= await extract(provider, session, originsOf(pages.filter(isApproved), entryUrl));
  if (await attempt.codes?.type(session, pages)) {
    watch.changedAtMs = nowMs;
    return undefined;
  }
  const readable = pages.filter((page) =>
    isApproved(page) && !page.isLoading && page.asks === null && !isLoginPage(provider, page.url)
  );
  if (readable.length === 0) return undefined;
  const isQuiet = nowMs - watch.changedAtMs >= QUIET_MS;
  if (!isQuiet && !canBeWhole(attempt)) return undefined;
  const origins = originsOf(readable, entryUrl);
  const extraction = await extract(provider, session, origins);
  if (!isQuiet && !isWhole(attempt, extraction)) return undefined;
  return await check(attempt, watch, extraction, origins[0]!);
}

/** Whether a renewal can tell by its cookies that nothing is still to come, so that no script is waited for. */
function canBeWhole({ provider, mode, old }: Attempt): boolean {
  return mode === 'headless' && old?.cookies !== undefined && provider.extract.every(({ from }) => from === 'cookies');
}

/** Whether each cookie of the old login is there, but those whose time is over. */
function isWhole({ old, ports }: Attempt, { cookies }: Extraction): boolean {
  const nowSec = ports.clock.now() / 1000;
  const nameOf = ({ name, domain, path }: Cookie) => JSON.stringify([name, domain, path]);
  const names = new Set(cookies.map(nameOf));
  const live = (old?.cookies?.reveal() ?? []).filter((cookie) => !isExpiredCookie(cookie, nowSec));
  return live.length > 0 && live.every((cookie) => names.has(nameOf(cookie)));
}

/** Judges what was read, unless the same was judged a moment ago. */
async function check(
  attempt: Attempt,
  watch: Watch,
  extraction: Extraction,
  shown: string,
): Promise<Credential | undefined> {
  const { provider, old, ports, entryUrl, session } = attempt;
  const mark = markOf(extraction.values, extraction.cookies);
  const last = watch.checked;
  const nowMs = ports.clock.now();
  // The person's word decides where nothing else can; against the site's own word it does not.
  const isPersonsWord = provider.config.validateUrl === undefined && attempt.isConfirmed();
  const sinceMs = last === undefined ? Infinity : nowMs - last.atMs;
  const mayRecheck = last === undefined || sinceMs >= last.waitMs || (mark !== last.mark && sinceMs >= RECHECK_MS) ||
    (isPersonsWord && last.verdict === 'unknown');
  if (!mayRecheck) return undefined;
  const candidate = makeCredential(attempt, extraction);
  watch.judge ??= createJudge(provider, entryUrl, watch.before!, old, ports);
  const { valid: verdict, credential } = extraction.missing.length > 0
    ? { valid: 'missing' as const, credential: candidate }
    : await watch.judge.judge(candidate, extraction, watch.hasSigns, shown);
  // A site that rotates the session at every answer has done so now: the browser must not be left behind.
  const rolled = credential.cookies?.reveal() ?? [];
  await session.setCookies(rolled.filter((cookie) => !extraction.cookies.includes(cookie)));
  const isTaken = verdict === 'yes' || (verdict === 'unknown' && isPersonsWord);
  if (isTaken) return withSessionCookies(credential, await session.cookies());
  const isSame = last?.mark === mark;
  if (!isSame) watch.changedAtMs = nowMs;
  const waitMs = isSame ? Math.min(last.waitMs * 1.5, LAST_RECHECK_MS) : FIRST_RECHECK_MS;
  watch.checked = { mark: markOf(extraction.values, rolled), verdict, atMs: nowMs, waitMs, extraction };
  return undefined;
}

/**
 * The window is gone. Who closes it after signing in, where nobody else can tell, says by that that
 * it is done.
 */
function concludeClosed(attempt: Attempt, watch: Watch): Outcome {
  const { provider } = attempt;
  const last = watch.checked;
  const isPersonsWord = attempt.mode === 'visible' && watch.hasSigns && provider.config.validateUrl === undefined &&
    last?.verdict === 'unknown' && last.mark !== markOf(watch.before!.values, watch.before!.cookies);
  if (!isPersonsWord) return giveUp(watch, 'closed');
  return { kind: 'login', credential: makeCredential(attempt, last.extraction) };
}

function giveUp(watch: Watch, why: 'time' | 'closed' | 'idle'): Outcome {
  const { verdict = 'no', extraction } = watch.checked ?? {};
  return { kind: 'none', why, verdict, missing: extraction?.missing ?? [] };
}

/** Whether a hidden browser came to rest where only a person can go on. */
function isIdle(attempt: Attempt, watch: Watch): boolean {
  if (attempt.mode === 'visible' || watch.isLoading) return false;
  // A site that does not answer now may do so in a moment.
  const isOpen = watch.checked?.verdict === 'unknown' && attempt.provider.config.validateUrl !== undefined;
  return !isOpen && attempt.ports.clock.now() - watch.changedAtMs >= (watch.isAsking ? ASKING_IDLE_MS : IDLE_MS);
}

function tell(attempt: Attempt, watch: Watch, pages: readonly BrowserPage[]): void {
  const shown = pages.findLast((page) => page.origin !== null);
  const host = parseOrigin(shown?.origin ?? null)?.host;
  const canOnlyAsk = watch.checked?.verdict === 'unknown' && attempt.provider.config.validateUrl === undefined;
  attempt.progress({
    stage: attempt.mode === 'headless' ? 'renewing' : canOnlyAsk ? 'asking' : 'waiting',
    ...(host === undefined ? {} : { host }),
    endsAtMs: watch.startMs + attempt.timeoutMs,
  });
}

/** The origins of tabs, that of the entry page first: its storage is where tokens are. */
function originsOf(pages: readonly BrowserPage[], entryUrl: string): string[] {
  const entry = new URL(entryUrl).origin;
  const all = [...new Set(pages.flatMap((page) => page.origin ?? []))];
  return all.sort((a, b) => Number(b === entry) - Number(a === entry));
}

/**
 * What tells one state of a login from another. Cookies that scripts write change all the time
 * without meaning anything, so of those only the names count.
 */
function markOf(values: Extraction['values'], cookies: readonly Cookie[]): string {
  return JSON.stringify([
    Object.entries(values).map(([key, value]) => [key, value.reveal()]),
    cookies.map(({ name, domain, path, value, httpOnly }) => [name, domain, path, httpOnly ? value : ''].join(' '))
      .sort(),
  ]);
}

function makeCredential({ provider, totp, ports }: Attempt, extraction: Extraction): Credential {
  const nowSec = Math.floor(ports.clock.now() / 1000);
  const expiresAtSec = expiryOf(provider, extraction, nowSec);
  return {
    provider: provider.id,
    strategy: 'browser',
    obtainedAtSec: nowSec,
    ...(expiresAtSec === undefined ? {} : { expiresAtSec }),
    values: extraction.values,
    cookies: new Secret(extraction.cookies),
    ...(totp === undefined ? {} : { browser: { totp } }),
    binding: bindingOf(provider),
  };
}

/** Keeps what the browser forgets when it is closed, those of the identity provider above all. */
function withSessionCookies(credential: Credential, all: readonly Cookie[]): Credential {
  const sessionCookies = new Secret(all.filter((cookie) => cookie.expiresAtSec === undefined));
  return { ...credential, browser: { ...credential.browser, sessionCookies } };
}
