import { addProvider } from '../../src/config/edit.ts';
import type { TotpSeed } from '../../src/credential/totp.ts';
import { decodeUtf8 } from '../../src/encoding/bytes.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { SigError } from '../../src/errors.ts';
import { login, type LoginPorts, type LoginResult } from '../../src/login/login.ts';
import { isPersonGrant } from '../../src/login/person.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { note, printJson } from '../io.ts';
import type { Context, ParsedOptions, Run } from './command.ts';
import { findOrDraft, readMode } from './draft_provider.ts';
import { withPerson } from './login_person.ts';
import { showProgress } from './login_progress.ts';
import { readClient } from './oauth_client.ts';

export const run: Run = async ({ args, options }, context) => {
  const set = await context.providers();
  const { provider, isNew } = await findOrDraft(args[0]!, set, options, context);
  requireFitting(provider, options);
  const given = provider.strategy === 'oauth2' ? await readClient(provider, options, context) : {};
  const browse = options.has('import-cookies') ? importing(options, context) : browsing(options, context);
  const ports = await context.loginPorts();
  const save = async () => {
    if (isNew) await context.editConfig((text) => addProvider(text, provider.config));
  };
  const result = isPersonGrant(provider)
    ? await withPerson(context, (person) => login(provider, { ...ports, person }, given, save))
    : await login(provider, { ...ports, browse }, given, save);
  await report(provider, isNew, result, context);
  return 0;
};

type Browse = NonNullable<LoginPorts['browse']>;

/** Options that only a browser login has a use for. */
function requireFitting(provider: Provider, options: ParsedOptions): void {
  for (const name of ['import-cookies', 'totp', 'mode']) {
    if (!options.has(name) || provider.strategy === 'browser') continue;
    throw new SigError(
      'E_USAGE',
      `Provider "${provider.id}" logs in by ${provider.strategy}: --${name} is for a browser`,
    );
  }
  for (const name of ['totp', 'mode']) {
    if (!options.has(name) || !options.has('import-cookies')) continue;
    throw new SigError('E_USAGE', `With --import-cookies no browser is opened: leave out --${name}`);
  }
}

/** By a browser of this machine, which Ctrl-C, SIGTERM and the key q close. */
function browsing(options: ParsedOptions, context: Context): Browse {
  return async (provider, old) => {
    const totp = options.has('totp') ? await readSeed(context) : undefined;
    const cancelled = new AbortController();
    let isConfirmed = false;
    const progress = showProgress(context.io, context.clock);
    const open = await context.browse({
      mode: readMode(options),
      totp,
      signal: cancelled.signal,
      isConfirmed: () => isConfirmed,
      progress: progress.show,
    });
    const obtained = open(provider, old);
    // An interrupt waits until the browser is gone.
    const settled = context.onInterrupt(async () => {
      cancelled.abort();
      await obtained.catch(() => {});
    });
    const releaseKeys = context.watchKeys((key) => {
      if (key === 'q' || key === '\x03') cancelled.abort();
      if (key === '\r' || key === '\n') isConfirmed = true;
    });
    try {
      return await obtained;
    } finally {
      releaseKeys();
      progress.end();
      settled();
    }
  };
}

async function readSeed(context: Context): Promise<TotpSeed> {
  const { parseTotp } = await import('../../src/credential/totp.ts');
  return parseTotp((await context.prompt.secret('One-time password seed, base32 or otpauth://')).reveal());
}

/** Largest file that may hold cookies: an archive carries whole pages. */
const IMPORT_LIMIT = 300 * 1024 * 1024;

/** By a file that a person exported from another browser. */
function importing(options: ParsedOptions, context: Context): Browse {
  return async (provider, old) => {
    const bytes = await readAll(context.files.read(options.value('import-cookies')!), IMPORT_LIMIT);
    if (bytes === undefined) {
      throw new SigError('E_IMPORT', 'Cannot import the login: the file is larger than 300 MiB');
    }
    const [{ importLogin }, { obtainByImport }, { isPublicSuffix }] = await Promise.all([
      import('../../src/credential/import_cookies.ts'),
      import('../../src/login/imported.ts'),
      import('../../src/target/public_suffix.ts'),
    ]);
    const nowSec = Math.floor(context.clock.now() / 1000);
    const imported = importLogin(requireText(bytes), { nowSec, isPublicSuffix });
    for (const skipped of context.io.verbose ? imported.skipped : []) await note(context.io, `left out ${skipped}`);
    return obtainByImport(provider, imported, old, nowSec, context.env);
  };
}

function requireText(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new SigError('E_IMPORT', 'Cannot import the login: the file is not text in UTF-8', { cause });
  }
}

async function report(provider: Provider, isNew: boolean, result: LoginResult, { io }: Context): Promise<void> {
  const { credential, validity } = result;
  const expiresAt = credential.expiresAtSec === undefined
    ? {}
    : { expiresAt: new Date(credential.expiresAtSec * 1000).toISOString() };
  if (io.json) return await printJson(io, { provider: provider.id, strategy: provider.strategy, ...expiresAt });
  const checked = validity.valid === 'yes' ? ', and the site accepts it' : '';
  const added = isNew ? `; added it to config.yaml for ${provider.config.domains.join(', ')}` : '';
  await note(io, `logged in to "${provider.id}"${checked}${added}`);
}
