import type { Credential } from '../credential/credential.ts';
import { parseTotp, type TotpSeed } from '../credential/totp.ts';
import { isSigError, SigError } from '../errors.ts';
import type { Browser } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { readSetting } from '../provider/settings.ts';
import { matchDomain, parseDomain } from '../target/domain.ts';
import { entryUrlOf, isApprovedOrigin, parseOrigin } from './approved_origin.ts';
import { attemptLogin, type BrowserProgress, type Outcome } from './browser_attempt.ts';
import type { OAuth2Ports } from './oauth2.ts';
import { type CodeTyper, createCodeTyper } from './one_time_code.ts';

/** What a browser login needs of the world. */
export interface BrowserPorts extends OAuth2Ports {
  readonly browser: Browser;
}

/** How to log in by browser. */
export interface BrowserLoginOptions {
  /** Default: the provider's `loginMode`, else `auto`: hidden first when there is a profile, then visible. */
  readonly mode?: 'auto' | 'headless' | 'visible' | undefined;
  /** How long a person is waited for, in milliseconds. Default 300,000. */
  readonly timeoutMs?: number | undefined;
  /** Ends the login. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the person has said by now that they are signed in. */
  readonly isConfirmed?: (() => boolean) | undefined;
  readonly progress?: ((state: BrowserProgress) => void) | undefined;
  /** What one-time codes are made of, when the person gave it now. */
  readonly totp?: TotpSeed | undefined;
}

type Ended = Extract<Outcome, { kind: 'none' }>;

const PERSON_MS = 300_000;
const HEADLESS_MS = 30_000;

/**
 * Obtains a login with a real browser: hidden with the provider's own profile where that may be
 * enough, else in a window in which the person signs in. It is taken only when it is a real one,
 * and only from https tabs of the provider's own hosts (security cases B8 to B10).
 *
 * @param old the login that is replaced, if there is one
 * @throws {SigError} E_LOGIN_FAILED when nobody signed in, E_LOGIN_REQUIRED when a hidden browser does not do,
 * E_UNVERIFIED when nobody can tell, E_EXTRACT when a value is not there, E_NO_DISPLAY when a window would be seen by
 * nobody, E_INTERRUPTED, E_BROWSER, E_LOCKED, and what loading the entry page throws
 */
export async function obtainByBrowser(
  provider: Provider,
  old: Credential | undefined,
  ports: BrowserPorts,
  options: BrowserLoginOptions = {},
): Promise<Credential> {
  const mode = options.mode ?? provider.config.loginMode ?? 'auto';
  const canRenew = old?.browser?.sessionCookies !== undefined || await ports.browser.hasProfile(provider.id);
  if (mode === 'headless' || (mode === 'auto' && canRenew)) {
    const outcome = await tryMode('headless', provider, old, ports, options);
    if (outcome.kind === 'login') return outcome.credential;
    if (mode === 'headless') throw headlessError(provider, outcome);
  }
  if (!ports.browser.hasDisplay) throw noDisplay(provider);
  const outcome = await tryMode('visible', provider, old, ports, options);
  if (outcome.kind === 'login') return outcome.credential;
  throw visibleError(provider, outcome);
}

/**
 * Renews a browser login without a person, from the provider's profile. Opens no window.
 *
 * @throws {SigError} E_LOGIN_REQUIRED when the person must sign in again, E_UNVERIFIED when nobody can tell, and what
 * {@link obtainByBrowser} throws
 */
export async function renewByBrowser(provider: Provider, old: Credential, ports: BrowserPorts): Promise<Credential> {
  return await obtainByBrowser(provider, old, ports, { mode: 'headless' });
}

async function tryMode(
  mode: 'headless' | 'visible',
  provider: Provider,
  old: Credential | undefined,
  ports: BrowserPorts,
  options: BrowserLoginOptions,
): Promise<Outcome> {
  const entryUrl = entryUrlOf(provider, ports.env);
  const { networkProxy } = provider.config;
  const { signal } = options;
  const kept = options.totp ?? old?.browser?.totp;
  const session = await ports.browser.open({
    profile: provider.id,
    mode,
    ...(networkProxy === undefined
      ? {}
      : { networkProxy: readSetting(provider, 'networkProxy', networkProxy, ports.env) }),
  });
  const cancel = () => void session.close();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    await session.setCookies(old?.browser?.sessionCookies?.reveal() ?? []);
    const timeoutMs = mode === 'headless' ? HEADLESS_MS : options.timeoutMs ?? PERSON_MS;
    options.progress?.({
      stage: mode === 'headless' ? 'renewing' : 'waiting',
      endsAtMs: ports.clock.now() + timeoutMs,
    });
    await session.goto(entryUrl);
    return await attemptLogin({
      provider,
      old,
      session,
      mode,
      entryUrl,
      ports,
      totp: kept,
      codes: codesFor(provider, kept, entryUrl, ports),
      timeoutMs,
      signal,
      isConfirmed: options.isConfirmed ?? (() => false),
      progress: options.progress ?? (() => {}),
    });
  } catch (error) {
    if (signal?.aborted) {
      throw new SigError('E_INTERRUPTED', 'Login was cancelled', { provider: provider.id, cause: error });
    }
    // The person closed the window before it showed anything.
    if (isSigError(error, 'E_BROWSER') && session.isClosed) {
      return { kind: 'none', why: 'closed', verdict: 'no', missing: [] };
    }
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    await session.close();
  }
}

/** Types one-time codes at the provider's own origins and those that `totp.domains` names, over https. */
function codesFor(
  provider: Provider,
  kept: TotpSeed | undefined,
  entryUrl: string,
  ports: BrowserPorts,
): CodeTyper | undefined {
  const { totp } = provider.config;
  const stated = totp === undefined || totp.secretFrom === 'vault'
    ? undefined
    : parseTotp(readSetting(provider, 'totp.secretFrom', totp.secretFrom, ports.env));
  const seed = stated ?? kept;
  if (seed === undefined) return undefined;
  const others = (totp?.domains ?? []).map((domain) =>
    parseDomain(readSetting(provider, 'totp.domains', domain, ports.env))
  );
  return createCodeTyper(seed, (origin) => {
    if (isApprovedOrigin(provider, origin, entryUrl)) return true;
    const target = parseOrigin(origin);
    return target?.scheme === 'https' && others.some((domain) => matchDomain(domain, target));
  }, ports.clock);
}

function headlessError(provider: Provider, { verdict, missing }: Ended): SigError {
  if (verdict === 'unknown' && provider.config.validateUrl !== undefined) return unverified(provider);
  return new SigError('E_LOGIN_REQUIRED', `Provider "${provider.id}" needs a person to sign in`, {
    hint: missing.length === 0 ? `sig login ${provider.id}` : `sig login ${provider.id} --mode visible`,
    provider: provider.id,
  });
}

function visibleError(provider: Provider, { why, verdict, missing }: Ended): SigError {
  const { id } = provider;
  if (verdict === 'missing') {
    return new SigError('E_EXTRACT', `Browser holds no value for "${missing[0]}" of "${id}"`, {
      hint: 'check that rule of "extract", and that you signed in to the end',
      provider: id,
    });
  }
  if (verdict === 'unknown') return unverified(provider);
  const what = why === 'closed' ? 'Browser was closed before anybody was signed in' : 'Nobody signed in in time';
  return new SigError('E_LOGIN_FAILED', `${what} to "${id}"`, {
    hint: `the login that was there before is kept; try again: sig login ${id}`,
    provider: id,
  });
}

function unverified(provider: Provider): SigError {
  return new SigError('E_UNVERIFIED', `Cannot tell whether anybody is signed in to "${provider.id}"`, {
    hint: provider.config.validateUrl === undefined
      ? 'set "validateUrl" to an address that only a signed-in person gets, or press Enter when you are signed in'
      : 'the site does not answer as it should; nothing was stored; try again later',
    provider: provider.id,
  });
}

function noDisplay(provider: Provider): SigError {
  return new SigError('E_NO_DISPLAY', `Login of "${provider.id}" needs a browser window, and this machine shows none`, {
    hint: `sign in elsewhere, export the cookies there, then: sig login ${provider.id} --import-cookies FILE`,
    provider: provider.id,
  });
}
