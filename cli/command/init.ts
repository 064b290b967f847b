import { isSigError, SigError } from '../../src/errors.ts';
import { note, printJson } from '../io.ts';
import type { Context, KeySourceKind, Run, VaultInfo } from './command.ts';

const KEY_SOURCES: readonly KeySourceKind[] = ['keychain', 'passphrase', 'file'];

/** What `sig init` writes: a file that says by itself what goes into it. */
const FIRST_CONFIG = `# Providers: where you log in, and where the login may be used.
# Add one with: sig login https://…
providers: {}
`;

export const run: Run = async ({ options }, context) => {
  const asked = options.value('key-source');
  if (asked !== undefined && !KEY_SOURCES.includes(asked as KeySourceKind)) {
    throw new SigError('E_USAGE', `Unknown key source "${asked}"`, { hint: `use ${KEY_SOURCES.join(', ')}` });
  }
  const vault = asked === undefined
    ? await initialiseBest(options.has('yes'), context)
    : await context.initialise(asked as KeySourceKind);
  const wrote = await writeConfig(options.has('force'), context);
  const { io, home } = context;
  if (io.json) await printJson(io, { home, keySource: vault.source, madeVault: vault.created, wroteConfig: wrote });
  else {
    await note(io, `${vault.created || wrote ? 'made' : 'found'} ${home}; the vault key is ${describe(vault.source)}`);
    if (asked !== undefined && asked !== vault.source) {
      await note(io, `the vault was there already: its key source stays "${vault.source}"`);
    }
    await note(io, 'next: sig login https://…');
  }
  return 0;
};

/**
 * The keychain where there is one, else a passphrase that a person types. A key file is never a
 * fallback: it protects against next to nothing, so somebody has to ask for it (S1, S23).
 */
async function initialiseBest(takeDefaults: boolean, context: Context): Promise<VaultInfo & { created: boolean }> {
  try {
    return await context.initialise('keychain');
  } catch (error) {
    if (!isSigError(error, 'E_KEY_SOURCE')) throw error;
    if (takeDefaults || !context.io.stdinIsTerminal) {
      throw new SigError('E_KEY_SOURCE', error.message, {
        hint:
          'choose another: sig init --key-source passphrase, or --key-source file (protects against next to nothing)',
        cause: error,
      });
    }
    await note(context.io, `no keychain here (${error.message}); the vault gets a passphrase instead`);
    return await context.initialise('passphrase');
  }
}

async function writeConfig(force: boolean, context: Context): Promise<boolean> {
  const text = await context.configText();
  if (text !== '' && !force) return false;
  await context.editConfig(() => FIRST_CONFIG);
  return true;
}

function describe(source: string): string {
  switch (source) {
    case 'keychain':
      return 'in the keychain of this system';
    case 'passphrase':
      return 'wrapped by your passphrase';
    case 'file':
      return 'in a file beside the vault: it protects against nothing but a copied credentials folder';
    default:
      return `in "${source}"`;
  }
}
