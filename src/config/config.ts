/**
 * What config.yaml says, as plain data. Strings stand as written: `${NAME}` is not read here.
 *
 * @module
 */

/** How a provider's credential is obtained. */
export type Strategy = 'browser' | 'oauth2' | 'prompt' | 'key';

/** Where a value is taken from after a login. */
export interface ExtractRule {
  readonly from: 'cookies' | 'localStorage' | 'sessionStorage' | 'oauth2' | 'prompt';
  /** The name that `apply` uses for it. */
  readonly as: string;
  /** Cookies and storage: name or glob, default `*` for cookies. Prompt: the question. */
  readonly match?: string;
  /** Dotted path into the value, which is then parsed as JSON. */
  readonly jsonPath?: string;
  /** Dotted path to the expiry, in seconds or milliseconds since 1970 or an ISO date. */
  readonly expiresJsonPath?: string;
}

/** Where a value is put in a request. */
export interface ApplyRule {
  readonly in: 'header' | 'query' | 'body';
  readonly name: string;
  /** Template: text with `${key}`. */
  readonly value: string;
  /** Default `set`. */
  readonly action?: 'set' | 'append' | 'remove';
}

/** A method and path that a provider's credential may be used for. */
export interface AllowRule {
  /** Upper-case methods; any when absent. */
  readonly methods?: readonly string[];
  /** Path pattern: `*` is any text within a segment, `**` as the last segment any rest. */
  readonly path: string;
}

/** How a client authenticates at the token endpoint (RFC 8414 names). */
export type AuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';

/** OAuth grants that `sig` speaks. */
export type Grant = 'client_credentials' | 'authorization_code' | 'device_code';

/** The OAuth part of a provider. */
export interface OAuth2Config {
  readonly tokenUrl?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly scopes?: readonly string[];
  readonly grant?: Grant;
  readonly audience?: string;
  readonly authMethod?: AuthMethod;
  /** Where the browser brings the code, as registered: on loopback. Default `http://127.0.0.1/callback`, any port. */
  readonly redirectUri?: string;
  /** Whether tokens are bound to a key (RFC 9449). */
  readonly dpop?: boolean;
}

/** How requests are signed (RFC 9421). */
export interface SignConfig {
  readonly profile: 'web-bot-auth';
  /** `signatureAgent`: the https origin that publishes the key. */
  readonly agent: string;
  /** `signatureAgentForm`: how `Signature-Agent` is written. Default `dictionary`. */
  readonly form?: 'dictionary' | 'legacy-string';
}

/** How one-time codes of a browser login are made (RFC 6238). */
export interface TotpConfig {
  /** `vault`, where `sig login --totp` puts the seed, or the variable that holds it, as `${NAME}`. */
  readonly secretFrom: string;
  /** Hosts that may be given a code besides the provider's own, such as the identity provider's. */
  readonly domains?: readonly string[];
}

/** One provider entry of config.yaml. */
export interface ProviderConfig {
  readonly id: string;
  readonly name?: string;
  readonly domains: readonly string[];
  readonly entryUrl?: string;
  readonly strategy: Strategy;
  readonly validateUrl?: string;
  readonly validateRule?: string;
  readonly loginMode?: 'auto' | 'headless' | 'visible';
  /** Globs: `*` is any text. A page whose URL fits one is a login page. */
  readonly loginUrlPatterns?: readonly string[];
  /** Seconds; written as `30s`, `5m`, `12h` or `7d`. */
  readonly ttlSec?: number;
  readonly networkProxy?: string;
  readonly allowHttp?: boolean;
  readonly allowPrivate?: boolean;
  readonly caFile?: string;
  readonly extract: readonly ExtractRule[];
  readonly apply: readonly ApplyRule[];
  readonly allow?: readonly AllowRule[];
  readonly oauth2?: OAuth2Config;
  readonly totp?: TotpConfig;
  readonly sign?: SignConfig;
}

/** A mistake in config.yaml. */
export interface ConfigIssue {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 code units. */
  readonly column: number;
  /** What is wrong, without position: `unknown key "domian"`. */
  readonly message: string;
  /** `did you mean "domains"?` */
  readonly hint?: string;
  /** The provider entry it stands in. */
  readonly provider?: string;
}

/** A parsed config.yaml. */
export interface Config {
  /**
   * The entries, in file order. Of an entry with mistakes, what could be read; one whose strategy
   * could not be read is left out.
   */
  readonly providers: readonly ProviderConfig[];
  /** Every mistake, in file order. Whoever uses the providers must refuse when there is one. */
  readonly issues: readonly ConfigIssue[];
  /**
   * The position of a path such as `['jira', 'apply', 0, 'value']` (first the provider id), for
   * checks that happen later. The nearest existing parent's position when the path is not there.
   */
  locate(path: readonly (string | number)[]): { readonly line: number; readonly column: number };
}
