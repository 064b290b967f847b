import { addProvider } from '../../src/config/edit.ts';
import { importSigcliConfig } from '../../src/config/import_sigcli.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { importSigcliCredentials, type SigcliFile } from '../../src/credential/import_sigcli.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/encoding/bytes.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { SigError } from '../../src/errors.ts';
import { adoptSigcli } from '../../src/login/adopt_sigcli.ts';
import { loadProviders } from '../../src/sig/load_providers.ts';
import { note, printJson } from '../io.ts';
import type { Context, Run } from './command.ts';

const SIZE_LIMIT = 1024 * 1024;

/** What was taken over of one provider, and what was not. */
interface Row {
  readonly provider?: string;
  readonly state: 'imported' | 'entry only' | 'is there already' | 'left out';
  readonly why?: string;
}

export const run: Run = async ({ args, options }, context) => {
  if (args[0] !== 'sigcli') {
    throw new SigError('E_USAGE', `Cannot import from "${args[0]}"`, { hint: 'use: sig import sigcli [folder]' });
  }
  const folder = args[1] ?? context.home;
  const names = await context.files.list(`${folder}/credentials`);
  const old = importSigcliConfig(await readText(`${folder}/config.yaml`, context) ?? '');
  const files: SigcliFile[] = [];
  for (const name of names.filter((name) => name.endsWith('.json'))) {
    files.push({ name, content: await readText(`${folder}/credentials/${name}`, context) ?? '' });
  }
  if (old.providers.length === 0 && files.length === 0) {
    throw new SigError('E_IMPORT', `There is no sigcli 1.x in "${folder}"`, {
      hint: 'name its folder: sig import sigcli FOLDER',
    });
  }
  const { credentials, failures } = await importSigcliCredentials(
    files,
    await readText(`${folder}/encryption.key`, context),
  );
  const rows: Row[] = [
    ...old.notes.map(({ provider, message }) => ({
      ...(provider === undefined ? {} : { provider }),
      state: 'left out' as const,
      why: message,
    })),
    ...failures.map(({ error }) => ({ state: 'left out' as const, why: error.message })),
  ];
  // In place, config.yaml itself is the old one: the converted text takes its place.
  const isInPlace = folder === context.home;
  const before = isInPlace ? '' : await context.configText();
  const known = new Set(parseConfig(before).providers.map(({ id }) => id));
  const fresh = old.providers.filter(({ id }) => !known.has(id));
  for (const { id } of old.providers) if (known.has(id)) rows.push({ provider: id, state: 'is there already' });
  const after = fresh.reduce((text, entry) => addProvider(text, entry), before);
  const set = await loadProviders(parseConfig(after), 'the imported config', context.env);
  const adopted = credentials.flatMap((credential) => {
    const provider = fresh.some(({ id }) => id === credential.id) ? set.get(credential.id) : undefined;
    if (provider) return [adoptSigcli(provider, credential)];
    if (!known.has(credential.id)) {
      rows.push({ provider: credential.id, state: 'left out', why: 'config.yaml has no entry for it' });
    }
    return [];
  });
  if (!options.has('dry-run')) {
    if (isInPlace) await keepCopy(folder, context);
    await context.editConfig(() => after);
    const store = await context.credentials();
    const audit = await context.audit();
    for (const credential of adopted) {
      await audit.write({ event: 'import', provider: credential.provider, from: 'sigcli' });
      await store.seal(credential);
    }
  }
  for (const { id } of fresh) {
    rows.push({ provider: id, state: adopted.some(({ provider }) => provider === id) ? 'imported' : 'entry only' });
  }
  await report(rows, options.has('dry-run'), context);
  return failures.length > 0 ? 1 : 0;
};

async function report(rows: readonly Row[], isDry: boolean, context: Context): Promise<void> {
  if (context.io.json) return await printJson(context.io, { dryRun: isDry, results: rows });
  for (const { provider, state, why } of rows) {
    await note(context.io, `${provider ?? '-'}: ${state}${why === undefined ? '' : ` (${why})`}`);
  }
  if (isDry) await note(context.io, 'nothing was changed');
}

async function keepCopy(folder: string, context: Context): Promise<void> {
  const text = await readText(`${folder}/config.yaml`, context);
  if (text === undefined) return;
  await context.files.write(
    `${folder}/config.yaml.sigcli-1`,
    (async function* () {
      yield encodeUtf8(text);
    })(),
  );
}

/** A file as text; `undefined` when it is not there. */
async function readText(path: string, context: Context): Promise<string | undefined> {
  if (!await context.files.exists(path)) return undefined;
  const bytes = await readAll(context.files.read(path), SIZE_LIMIT);
  if (bytes === undefined) throw new SigError('E_IMPORT', `Cannot import "${path}": it is larger than 1 MiB`);
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new SigError('E_IMPORT', `Cannot import "${path}": it is not UTF-8`, { cause });
  }
}
