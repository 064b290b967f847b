import { type Credential, hasValues, isExpired } from '../../src/credential/credential.ts';
import { isSigError } from '../../src/errors.ts';
import { validateCredential } from '../../src/login/validate.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { publicKeys } from './public_keys.ts';
import { requireProvider } from './require_provider.ts';
import { formatTable, note, printJson, printLine } from '../io.ts';
import type { Context, Run } from './command.ts';

/** One row of `sig status`, as programs read it. */
interface Row {
  readonly id: string;
  readonly name: string;
  readonly strategy: string;
  /** Whether a login is stored at all. */
  readonly configured: boolean;
  /** Whether it can be used now, as far as known: with `--check` as the site says. */
  readonly valid: boolean;
  readonly expiresAt?: string;
  readonly expiresInMinutes?: number;
  /** RFC 7638 thumbprints of the keys that requests are signed with. */
  readonly keys?: Readonly<Record<string, string>>;
  /** What the site said, with `--check`. */
  readonly checked?: 'yes' | 'no' | 'unknown';
  /** Why the stored login cannot be read. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

export const run: Run = async ({ args, options }, context) => {
  const set = await context.providers();
  const providers = args.length === 0 ? set.all : args.map((id) => requireProvider(set, id));
  const rows = await Promise.all(providers.map((provider) => rowOf(provider, options.has('check'), context)));
  const { io } = context;
  if (io.json || !io.stdout.isTerminal) await printJson(io, args.length === 1 ? rows[0] : rows);
  else if (rows.length === 0) await note(io, 'no providers yet; add one: sig login https://…');
  else await printLines(context, rows);
  const info = await context.vaultInfo();
  if (info?.source === 'file' && io.stdout.isTerminal) {
    await note(
      io,
      'the vault key lies beside the vault, in a file: it protects against nothing but a copied credentials folder',
    );
  }
  if (args.length === 0) return 0;
  const bad = rows.find((row) => !row.valid);
  if (bad === undefined) return 0;
  if (!io.json) {
    const hint = bad.error?.hint ?? `sig login ${bad.id}`;
    await note(
      io,
      `"${bad.id}" is not authenticated; ${bad.error === undefined ? '' : `${bad.error.message}; `}${hint}`,
    );
  }
  return 4;
};

async function rowOf(provider: Provider, check: boolean, context: Context): Promise<Row> {
  const about = { id: provider.id, name: provider.name, strategy: provider.strategy };
  let credential: Credential | undefined;
  try {
    credential = await (await context.credentials()).open(provider.id);
  } catch (error) {
    // One bad record must not hide the others (security case S10); a missing key concerns all of them.
    if (
      !isSigError(error) || !['E_CORRUPT', 'E_FORMAT', 'E_TAMPER', 'E_ROLLBACK', 'E_PERMISSIONS'].includes(error.code)
    ) {
      throw error;
    }
    return { ...about, configured: true, valid: false, error: error.toJSON() };
  }
  if (credential === undefined || !hasValues(credential)) return { ...about, configured: false, valid: false };
  const nowSec = context.clock.now() / 1000;
  const isFresh = !isExpired(credential, nowSec) || canRenew(credential);
  const expiry = credential.expiresAtSec === undefined ? {} : {
    expiresAt: new Date(credential.expiresAtSec * 1000).toISOString(),
    expiresInMinutes: Math.floor((credential.expiresAtSec - nowSec) / 60),
  };
  const keys = await publicKeys(credential);
  if (!check || !isFresh) return { ...about, configured: true, valid: isFresh, ...expiry, ...keys };
  const { valid } = await validateCredential(provider, credential, {
    send: await context.send(),
    clock: context.clock,
    env: context.env,
  });
  return {
    ...about,
    configured: true,
    valid: valid === 'unknown' ? isFresh : valid === 'yes',
    ...expiry,
    ...keys,
    checked: valid,
  };
}

/** An expired OAuth login that renews itself is authenticated all the same. */
function canRenew(credential: Credential): boolean {
  return credential.oauth2?.refreshToken !== undefined || credential.oauth2?.clientSecret !== undefined;
}

async function printLines(context: Context, rows: readonly Row[]): Promise<void> {
  const table = formatTable(
    ['PROVIDER', 'STRATEGY', 'STATE', 'EXPIRES'],
    rows.map((row) => [row.id, row.strategy, stateOf(row), expiryOf(row)]),
  );
  for (const line of table.split('\n')) await printLine(context.io, line);
  for (const row of rows) {
    if (row.error) {
      await note(context.io, `${row.id}: ${row.error.message}${row.error.hint ? ` — ${row.error.hint}` : ''}`);
    }
  }
}

function stateOf(row: Row): string {
  if (row.error) return row.error.code;
  if (!row.configured) return 'not logged in';
  const state = row.valid ? 'logged in' : 'expired';
  return row.checked === undefined ? state : `${state} (site: ${row.checked})`;
}

function expiryOf(row: Row): string {
  if (row.expiresInMinutes === undefined) return row.configured ? 'unknown' : '';
  const minutes = row.expiresInMinutes;
  if (minutes < 0) return 'past';
  if (minutes < 120) return `in ${minutes} min`;
  return minutes < 2 * 1440 ? `in ${Math.floor(minutes / 60)} h` : `in ${Math.floor(minutes / 1440)} days`;
}
