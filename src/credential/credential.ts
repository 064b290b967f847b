import type { ProviderConfig, Strategy } from '../config/config.ts';
import { SigError } from '../errors.ts';
import type { Binding } from '../provider/binding.ts';
import { Secret } from '../secret.ts';
import type { Cookie } from './cookie.ts';
import type { TotpSeed } from './totp.ts';

/** What an OAuth login leaves behind besides the access token. */
export interface OAuth2Session {
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  readonly refreshToken?: Secret;
  readonly tokenUrl?: string;
  readonly revocationUrl?: string;
  readonly scope?: string;
}

/** What a browser login leaves behind besides the provider's own values, for its silent renewal. */
export interface BrowserState {
  /**
   * The cookies of the whole profile that a browser forgets when it is closed: with those of the
   * identity provider the person stays signed in there. They are never applied to a request.
   */
  readonly sessionCookies?: Secret<readonly Cookie[]>;
  /** What one-time codes are made of, when the person stored it. Outlives a logout. */
  readonly totp?: TotpSeed;
}

/**
 * Private keys that requests of a login are signed with, as JWKs. They are used where they are: never placed, shown
 * or sent.
 */
export interface LoginKeys {
  /** What the access token is bound to (RFC 9449); its `alg` is the name that proofs use. New with each login. */
  readonly dpop?: Secret<JsonWebKey>;
  /** What Web Bot Auth signs with (RFC 9421). Stays until a logout, since its public half is published. */
  readonly webBotAuth?: Secret<JsonWebKey>;
}

/** A provider's login: everything needed to act with it, and what it may be used for. */
export interface Credential {
  readonly provider: string;
  readonly strategy: Strategy;
  /** When a person or a grant obtained it. */
  readonly obtainedAtSec: number;
  /** When the values stop working, as far as known. */
  readonly expiresAtSec?: number;
  /** By the `as` of the extract rules. Empty after a logout, and of a login that is a key. */
  readonly values: Readonly<Record<string, Secret>>;
  /** The cookie jar. */
  readonly cookies?: Secret<readonly Cookie[]>;
  readonly oauth2?: OAuth2Session;
  readonly browser?: BrowserState;
  readonly keys?: LoginKeys;
  /** The policy under which it was obtained. */
  readonly binding: Binding;
}

/** The record name of a provider's credential in the vault. */
export function credentialName(providerId: string): string {
  return `credentials/${providerId}`;
}

/** Whether there is anything to authenticate with. */
export function hasValues(credential: Credential): boolean {
  if (credential.strategy === 'key') return credential.keys?.webBotAuth !== undefined;
  return Object.keys(credential.values).length > 0 || (credential.cookies?.reveal().length ?? 0) > 0;
}

/** Whether the credential is past its expiry, or will be in `marginSec` seconds. */
export function isExpired(credential: Credential, nowSec: number, marginSec = 0): boolean {
  return credential.expiresAtSec !== undefined && credential.expiresAtSec <= nowSec + marginSec;
}

/**
 * Whether a login has the keys that a provider's entry asks for. A token that is bound to a key is of no use where
 * nothing signs, and one that is not where something must.
 */
export function hasKeysFor(
  { keys }: Credential,
  entry: { readonly oauth2?: ProviderConfig['oauth2']; readonly sign?: ProviderConfig['sign'] | undefined },
): boolean {
  return (entry.oauth2?.dpop === true) === (keys?.dpop !== undefined) &&
    (entry.sign === undefined || keys?.webBotAuth !== undefined);
}

/** The credential without its values: what a logout leaves (OAuth client, one-time seed and binding stay). */
export function withoutValues(credential: Credential): Credential {
  const { clientId, clientSecret, tokenUrl } = credential.oauth2 ?? {};
  return {
    provider: credential.provider,
    strategy: credential.strategy,
    obtainedAtSec: credential.obtainedAtSec,
    values: {},
    binding: credential.binding,
    ...(clientId === undefined && clientSecret === undefined ? {} : {
      oauth2: {
        ...(clientId === undefined ? {} : { clientId }),
        ...(clientSecret === undefined ? {} : { clientSecret }),
        ...(tokenUrl === undefined ? {} : { tokenUrl }),
      },
    }),
    ...(credential.browser?.totp === undefined ? {} : { browser: { totp: credential.browser.totp } }),
  };
}

/** The plain JSON that is sealed. The only place besides the wire that opens secrets. */
export function encodeCredential(credential: Credential): Record<string, unknown> {
  // The id is the record's name, which sealing authenticates.
  const { provider: _id, values, cookies, oauth2, browser, keys, ...plain } = credential;
  return {
    ...plain,
    format: 1,
    values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value.reveal()])),
    ...(cookies === undefined ? {} : { cookies: cookies.reveal() }),
    ...(oauth2 === undefined ? {} : {
      oauth2: {
        ...oauth2,
        ...(oauth2.clientSecret === undefined ? {} : { clientSecret: oauth2.clientSecret.reveal() }),
        ...(oauth2.refreshToken === undefined ? {} : { refreshToken: oauth2.refreshToken.reveal() }),
      },
    }),
    ...(browser === undefined ? {} : {
      browser: {
        ...(browser.sessionCookies === undefined ? {} : { sessionCookies: browser.sessionCookies.reveal() }),
        ...(browser.totp === undefined ? {} : { totp: { ...browser.totp, key: browser.totp.key.reveal() } }),
      },
    }),
    ...(keys === undefined ? {} : {
      keys: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, (key as Secret<JsonWebKey>).reveal()])),
    }),
  };
}

/**
 * Reads what {@link encodeCredential} wrote.
 *
 * @throws {SigError} E_CORRUPT when it is something else
 */
export function decodeCredential(providerId: string, json: unknown): Credential {
  const record = json as Record<string, unknown> | null;
  if (
    typeof record !== 'object' || record === null || record.format !== 1 ||
    typeof record.values !== 'object' || record.values === null || typeof record.binding !== 'object'
  ) {
    throw new SigError('E_CORRUPT', `Credential of "${providerId}" is not in a format this version reads`, {
      hint: `log in again: sig login ${providerId}`,
      provider: providerId,
    });
  }
  const { format: _format, values, cookies, oauth2, browser, keys, ...plain } = record;
  const session = oauth2 as Record<string, string> | undefined;
  const state = browser as SealedBrowserState | undefined;
  return {
    provider: providerId,
    ...(plain as unknown as Pick<Credential, 'strategy' | 'obtainedAtSec' | 'binding'>),
    values: Object.fromEntries(
      Object.entries(values as Record<string, string>).map(([key, value]) => [key, new Secret(value)]),
    ),
    ...(cookies === undefined ? {} : { cookies: new Secret(cookies as Cookie[]) }),
    ...(session === undefined ? {} : {
      oauth2: {
        ...session,
        ...(session.clientSecret === undefined ? {} : { clientSecret: new Secret(session.clientSecret) }),
        ...(session.refreshToken === undefined ? {} : { refreshToken: new Secret(session.refreshToken) }),
      } as OAuth2Session,
    }),
    ...(state === undefined ? {} : {
      browser: {
        ...(state.sessionCookies === undefined ? {} : { sessionCookies: new Secret(state.sessionCookies) }),
        ...(state.totp === undefined ? {} : { totp: { ...state.totp, key: new Secret(state.totp.key) } }),
      },
    }),
    ...(keys === undefined ? {} : {
      keys: Object.fromEntries(
        Object.entries(keys as Record<string, JsonWebKey>).map(([name, key]) => [name, new Secret(key)]),
      ),
    }),
  };
}

/** A {@link BrowserState} as it is sealed: plain. */
interface SealedBrowserState {
  readonly sessionCookies?: readonly Cookie[];
  readonly totp?: Omit<TotpSeed, 'key'> & { readonly key: string };
}
