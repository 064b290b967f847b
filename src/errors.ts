/**
 * Every failure is a {@link SigError}: a stable code, one line of cause and a hint.
 *
 * The table below is the only place where a code is declared. The command line
 * turns `exit` into its exit status, the proxy puts the code into its
 * `application/problem+json`.
 *
 * @module
 */

/** The closed table of error codes. One row each: exit status of the command line and when it happens. */
export const ERROR_TABLE = {
  E_USAGE: { exit: 2, when: 'the command line cannot be understood' },
  E_CONFIG: { exit: 2, when: 'config.yaml has mistakes; all of them are listed with line and column' },
  E_ENV_UNSET: { exit: 2, when: 'config.yaml names an environment variable that is not set' },
  E_TARGET: { exit: 2, when: 'a URL, host or port is not acceptable' },
  E_ID: { exit: 2, when: 'a provider id is not well-formed' },
  E_EXISTS: { exit: 1, when: 'something that would be made is there already' },
  E_NOT_INITIALISED: { exit: 1, when: 'there is no sig home yet' },
  E_NO_PROVIDER: { exit: 3, when: 'no provider has that id, or none claims that host' },
  E_AMBIGUOUS: { exit: 2, when: 'two providers claim one target' },
  E_LOGIN_REQUIRED: { exit: 4, when: 'a human must log in' },
  E_LOGIN_FAILED: { exit: 1, when: 'a login was attempted and refused; the old credential is kept' },
  E_UNVERIFIED: { exit: 1, when: 'nobody could say whether the login is valid; nothing was changed' },
  E_TOKEN_RESPONSE: { exit: 1, when: 'a token endpoint answered something unusable' },
  E_EXTRACT: { exit: 1, when: 'a value to extract is not there or is not a string or number' },
  E_RULE: { exit: 2, when: 'validateRule is not an expression of the rule language' },
  E_RULE_BUDGET: { exit: 1, when: 'validateRule needed more steps or text than it may use' },
  E_HOST_NOT_ALLOWED: { exit: 5, when: 'a named provider does not list the host of the request' },
  E_NOT_ALLOWED: { exit: 5, when: 'no allow rule of the provider covers the method and path' },
  E_PLAINTEXT: { exit: 5, when: 'a credential would travel over plain http' },
  E_PRIVATE_ADDRESS: { exit: 5, when: 'a host resolves to a loopback, private or metadata address' },
  E_POLICY_CHANGED: { exit: 5, when: 'config.yaml allows more than the login was made for' },
  E_METHOD: { exit: 5, when: 'a method is never passed on by the proxy' },
  E_LOOP: { exit: 5, when: 'the proxy was asked to fetch itself' },
  E_PROXY_AUTH: { exit: 5, when: 'somebody used the proxy who may not' },
  E_PLACEHOLDER: { exit: 5, when: 'a placeholder was sent where its value may not go' },
  E_REDIRECT: { exit: 5, when: 'a redirect leads to another origin, or too far' },
  E_AGENT_REFUSED: { exit: 5, when: 'an agent asked for something that only a person may do' },
  E_MISSING_VALUE: { exit: 4, when: 'the credential lacks a value that an apply rule needs' },
  E_BAD_CREDENTIAL_VALUE: { exit: 5, when: 'a credential value cannot be put on the wire safely' },
  E_BODY: { exit: 5, when: 'a body rule cannot be applied to this body' },
  E_CONFLICT: { exit: 1, when: 'two values compete for one header, or a record changed meanwhile' },
  E_HTTP_STATUS: { exit: 1, when: 'the server answered with a status of 400 or more' },
  E_HTTP: { exit: 1, when: 'a client sent something that is not strict HTTP' },
  E_UPSTREAM: { exit: 6, when: 'the server cannot be reached or broke the connection' },
  E_CODING: {
    exit: 6,
    when: 'a response body cannot be read, and so not redacted: its coding is unknown or broken, or it is a part',
  },
  E_UPSTREAM_TLS: { exit: 6, when: 'the certificate of the server is not trusted' },
  E_TIMEOUT: { exit: 6, when: 'an answer did not come in time' },
  E_SIGNING_KEY: { exit: 1, when: 'a server takes no signature of the key at hand' },
  E_DPOP_NONCE: { exit: 6, when: 'a server wants a DPoP nonce and one retry with it did not do' },
  E_CLOCK: { exit: 1, when: 'this clock and that of a server are too far apart' },
  E_MANIFEST: { exit: 1, when: 'what a service publishes for agents breaks the rules for it; the place is named' },
  E_CONFIRM: { exit: 5, when: 'an operation that destroys something was not confirmed' },
  E_SIGNATURE: { exit: 1, when: 'a message cannot be signed as asked, or a key directory is not to be trusted' },
  E_TAMPER: { exit: 1, when: 'a sealed record was changed or belongs to something else' },
  E_ROLLBACK: { exit: 1, when: 'a sealed record is older than the one last written' },
  E_CORRUPT: { exit: 1, when: 'a file is not what sig wrote; it is kept aside' },
  E_FORMAT: { exit: 1, when: 'a file has the format of another version of sig' },
  E_KEY_MISSING: { exit: 1, when: 'records exist but the vault key does not' },
  E_KEY_SOURCE: { exit: 1, when: 'the key source cannot be used here' },
  E_PASSPHRASE: { exit: 1, when: 'the passphrase does not open the vault' },
  E_PERMISSIONS: { exit: 1, when: 'a file or folder is open to others or is not yours' },
  E_VAULT_LOCKED: { exit: 4, when: 'the vault was locked, and only a person can open it again' },
  E_LOCKED: { exit: 1, when: 'another process holds a lock for too long' },
  E_STORE: { exit: 1, when: 'the disk refused a read or a write; the old value is still there' },
  E_AUDIT: { exit: 1, when: 'the audit log cannot be written, so nothing is injected' },
  E_AUDIT_TAMPER: { exit: 1, when: 'the audit log was changed; the first bad record is named' },
  E_BROWSER: { exit: 1, when: 'no browser is found, it does not start, or it broke down' },
  E_NO_DISPLAY: { exit: 1, when: 'a browser window is needed and nobody would see it here' },
  E_IMPORT: { exit: 1, when: 'a file to import is not what it should be' },
  E_TOTP: { exit: 2, when: 'a one-time password seed is neither base32 nor an otpauth://totp address' },
  E_TTY: { exit: 2, when: 'a question needs a terminal and there is none' },
  E_INTERRUPTED: { exit: 130, when: 'a person pressed Ctrl-C' },
  E_INTERNAL: { exit: 1, when: 'a defect of sig itself' },
} as const;

/** A stable error code, such as `E_LOGIN_REQUIRED`. */
export type SigErrorCode = keyof typeof ERROR_TABLE;

/** What a {@link SigError} may carry besides its code and message. */
export interface SigErrorOptions {
  /** What the reader can do, one line, no final period. */
  readonly hint?: string | undefined;
  /** Id of the provider the failure is about. */
  readonly provider?: string | undefined;
  /** The error that led to this one. Never printed; for debuggers. */
  readonly cause?: unknown;
}

/**
 * A failure with a stable code.
 *
 * Messages are in sentence case and active, with no final period. They may hold ids, hosts,
 * paths and header names; never header values, cookies, tokens, query strings or bodies.
 *
 * @example
 * ```ts
 * throw new SigError('E_NO_PROVIDER', 'No provider claims host "jira.example.com"', {
 *   hint: 'add one with: sig login https://jira.example.com',
 * });
 * ```
 */
export class SigError extends Error {
  override readonly name = 'SigError';
  readonly code: SigErrorCode;
  readonly hint: string | undefined;
  readonly provider: string | undefined;

  constructor(code: SigErrorCode, message: string, options: SigErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.provider = options.provider;
  }

  /** Exit status of the command line for this error. */
  get exitCode(): number {
    return ERROR_TABLE[this.code].exit;
  }

  /** The object that `--json` and problem+json carry. */
  toJSON(): { code: SigErrorCode; message: string; hint?: string; provider?: string } {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.provider === undefined ? {} : { provider: this.provider }),
    };
  }
}

/**
 * Tells whether a value is a {@link SigError} with the given code (any code when none is given).
 *
 * @example
 * ```ts
 * if (isSigError(error, 'E_LOGIN_REQUIRED')) askForLogin();
 * ```
 */
export function isSigError(value: unknown, code?: SigErrorCode): value is SigError {
  return value instanceof SigError && (code === undefined || value.code === code);
}
