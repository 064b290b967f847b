import type { Credentials } from '../../src/credential/credentials.ts';
import type { BrowserLoginOptions } from '../../src/login/browser.ts';
import type { LoginPorts } from '../../src/login/login.ts';
import type { Renew } from '../../src/login/renew.ts';
import type { AuditLog } from '../../src/audit/audit_log.ts';
import type { Clock, ListenForRedirect, Prompt, Send, Timer } from '../../src/ports.ts';
import type { ProviderSet } from '../../src/provider/find.ts';
import type { Sig } from '../../src/sig/sig.ts';
import type { Vault } from '../../src/vault/vault.ts';
import type { ChildProxy } from '../../src/proxy/child_environment.ts';
import type { Placeholder } from '../../src/proxy/placeholder.ts';
import type { SecretValue } from '../../src/redact/needles.ts';
import type { Secret } from '../../src/secret.ts';
import type { Io } from '../io.ts';

/** An option of a command, in cac's notation. */
export interface OptionSpec {
  /** `-X, --method <method>` takes a value, `--yes` is a switch. */
  readonly flag: string;
  readonly description: string;
}

/** A command as `--help`, completion, manual and parser see it. */
export interface CommandSpec {
  readonly name: string;
  /** Arguments in cac's notation: `<url>`, `[provider]`, `[...providers]`. */
  readonly args?: string;
  readonly summary: string;
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** What `--help` explains below the examples, line by line. */
  readonly notes?: readonly string[];
  /** Loads what runs it: a command pays only for its own code. */
  load(): Promise<{ readonly run: Run }>;
}

/**
 * Runs a command.
 *
 * @returns the exit status
 */
export type Run = (input: CommandInput, context: Context) => Promise<number>;

/** What was typed after the command's name. */
export interface CommandInput {
  readonly args: readonly string[];
  /** What stands after `--`. */
  readonly rest: readonly string[];
  readonly options: ParsedOptions;
}

/** Options as typed: values are never turned into numbers, repeated ones are all there. */
export interface ParsedOptions {
  /** The last value of an option. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
  has(name: string): boolean;
}

/** Where the vault key can be. */
export type KeySourceKind = 'keychain' | 'passphrase' | 'file';

/** How this program came to the machine. */
export type InstallForm = 'npx' | 'npm-global' | 'npm-local' | 'deno' | 'binary' | 'source';

/** What can be known of the vault without its key. */
export interface VaultInfo {
  readonly id: string;
  /** A {@link KeySourceKind}, unless a newer sig chose it. */
  readonly source: string;
}

/** Files that a person names on the command line. */
export interface UserFiles {
  /** The bytes of a file, of stdin for `-`. @throws {SigError} E_USAGE */
  read(path: string): AsyncIterable<Uint8Array>;
  exists(path: string): Promise<boolean>;
  /** Names in a folder, sorted; none when it is not there. */
  list(path: string): Promise<string[]>;
  /** Writes a file that appears only when it is complete. @throws {SigError} E_STORE */
  write(path: string, body: AsyncIterable<Uint8Array>): Promise<void>;
}

/**
 * The world of a command. Each member is made when it is first asked for, so that a command pays
 * only for what it uses.
 */
export interface Context {
  readonly io: Io;
  /** The sig home, absolute. */
  readonly home: string;
  readonly env: (name: string) => string | undefined;
  readonly clock: Clock;
  readonly prompt: Prompt;
  readonly files: UserFiles;
  /** Registers what must still happen on Ctrl-C and SIGTERM; the result takes it back. */
  readonly onInterrupt: (cleanup: () => Promise<void>) => () => void;
  readonly send: () => Promise<Send>;
  /** The text of config.yaml; empty when there is none. */
  readonly configText: () => Promise<string>;
  /** Changes config.yaml under its lease, durably. */
  readonly editConfig: (change: (text: string) => string) => Promise<void>;
  /** @throws {SigError} E_CONFIG */
  readonly providers: () => Promise<ProviderSet>;
  readonly vaultInfo: () => Promise<VaultInfo | undefined>;
  /** Makes home and vault; a vault that is there stays as it is. */
  readonly initialise: (source: KeySourceKind) => Promise<VaultInfo & { readonly created: boolean }>;
  readonly credentials: () => Promise<Credentials>;
  readonly audit: () => Promise<AuditLog>;
  /** Obtains a new credential without a person. */
  readonly renewal: () => Promise<Renew>;
  readonly sig: () => Promise<Sig>;
  readonly loginPorts: () => Promise<LoginPorts>;
  /** Calls back at each key that is pressed at the terminal, if there is one, until the result is called. */
  readonly watchKeys: (onKey: (key: string) => void) => () => void;
  /** Removes what a provider's browser knows. */
  readonly forgetBrowser: (providerId: string) => Promise<void>;
  /** Gives what a provider's browser knows to a new id. */
  readonly renameBrowser: (from: string, to: string) => Promise<void>;
  /** Logs in with a browser of this machine. */
  readonly browse: (options: BrowserLoginOptions) => Promise<NonNullable<LoginPorts['browse']>>;
  /** Waits for what a browser of this machine brings back. */
  readonly listenForRedirect: ListenForRedirect;
  /** Opens a page in the person's own browser; whether there is one. @throws {SigError} E_TARGET */
  readonly openUrl: (url: string) => Promise<boolean>;
  /** Starts a proxy in this process. */
  readonly startProxy: (options: ProxyOptions) => Promise<ProxySession>;
  readonly daemon: () => Promise<Daemon>;
  /** Who trusts the proxy's CA. */
  readonly caTrust: () => Promise<CaTrust>;
  /**
   * Runs a program to its end: same terminal, same signals, output redacted.
   *
   * @returns its exit status; 128 + n when signal n ended it
   */
  readonly runChild: (options: ChildOptions) => Promise<number>;
  /** The state of an agent identity, in that folder or the usual one. */
  readonly agentState: (dir: string | undefined) => Promise<AgentState>;
  readonly timer: () => Promise<Timer>;
  /** Gives tools to an agent, over stdin and stdout, until it has enough. */
  readonly serveTools: (tools: readonly Tool[]) => Promise<void>;
  /** Which version this is, and in which form it runs. */
  readonly installation: () => Promise<{ readonly version: string; readonly form: InstallForm }>;
  /** What `sig doctor` checks on this machine. */
  readonly inspect: () => Promise<readonly Finding[]>;
  /** Which programs of this machine work through a proxy of sig. */
  readonly probe: () => Promise<readonly Finding[]>;
}

/** Where an agent identity is kept: a vault of its own. */
export interface AgentState {
  /** Absolute. */
  readonly dir: string;
  /** `undefined` when nothing was made there yet. */
  readonly info: () => Promise<VaultInfo | undefined>;
  readonly initialise: (source: KeySourceKind) => Promise<VaultInfo & { readonly created: boolean }>;
  /** @throws {SigError} E_NOT_INITIALISED */
  readonly vault: () => Promise<Vault>;
  readonly audit: AuditLog;
}

/** What an agent may call. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly input: { readonly type: 'object'; readonly [keyword: string]: unknown };
  /** @throws {SigError} when it is refused */
  call(input: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** How a proxy is started. */
export interface ProxyOptions {
  /** Provider ids; all by default. */
  readonly providers?: readonly string[] | undefined;
  readonly isStrict?: boolean | undefined;
  /** Any free one by default. */
  readonly port?: number | undefined;
  /** Whether the CA is this installation's, or one that ends with the session. */
  readonly ca: 'stored' | 'session';
  /** Locks it when no login was used for so long, in milliseconds; never by default. */
  readonly lockAfterMs?: number | undefined;
  /** Texts that stand for values of the providers. */
  readonly placeholders?: readonly Placeholder[] | undefined;
  /** Says what people should know of a proxy that runs. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** A proxy that runs. */
export interface ProxySession {
  readonly port: number;
  readonly token: Secret;
  /** PEM file of the CA. */
  readonly caFile: string;
  /** Resolves when somebody with the token asks it to stop. */
  readonly stopAsked: Promise<void>;
  /** Facts for `sig proxy status`. */
  status(): Readonly<Record<string, unknown>>;
  /** What a program needs to use it. */
  child(): ChildProxy;
  /** Forgets every login and the vault key, until a request needs them again. */
  lock(): void;
  /**
   * Ends every connection, and removes what belongs to the session.
   *
   * @param graceMs how long answers that are under way may take to end. Default 0
   */
  stop(graceMs?: number): Promise<void>;
}

/** A program to run. */
export interface ChildOptions {
  readonly command: readonly [file: string, ...args: string[]];
  /** Changes to this process's environment; `undefined` takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What its output must not show. */
  readonly secrets: readonly SecretValue[];
  /** Says what people should know of how it is run. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** The proxy that runs in the background. */
export interface Daemon {
  /**
   * Starts it and waits until it answers.
   *
   * @param args of `sig proxy`
   * @throws {SigError} E_EXISTS when one runs
   */
  start(args: readonly string[]): Promise<DaemonStatus>;
  /** `undefined` when none runs. */
  status(): Promise<DaemonStatus | undefined>;
  /** Stops it and waits for its end; false when none runs. */
  stop(): Promise<boolean>;
  /** Lets it forget every login and the vault key; false when none runs. */
  lock(): Promise<boolean>;
  /** What a program needs to use it; `undefined` when none runs. */
  child(): Promise<ChildProxy | undefined>;
  /** Lets this process, which is the daemon, be controlled. Removes itself with the result. */
  serve(session: ProxySession, onStop: () => void): Promise<() => Promise<void>>;
}

/** Lets programs of this user trust the proxy's CA, or takes that back. */
export interface CaTrust {
  /** @throws {SigError} E_USAGE when there is no CA yet */
  trust(): Promise<TrustReport>;
  untrust(): Promise<TrustReport>;
}

/** What was done to trust stores, and what a person can do. */
export interface TrustReport {
  /** SHA-256 of the certificates, lower-case hexadecimal. */
  readonly fingerprints: readonly string[];
  /** Stores that were changed. */
  readonly changed: readonly string[];
  readonly failed: readonly { readonly store: string; readonly message: string }[];
  /** For stores that sig itself does not touch. */
  readonly commands: readonly string[];
}

/** What is known of a running daemon. */
export type DaemonStatus = Readonly<Record<string, unknown>> & { readonly port: number; readonly pid: number };

/** One line of `sig doctor`. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failure';
  readonly message: string;
  readonly hint?: string;
}
