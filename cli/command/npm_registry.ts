import { within } from '../../src/agent_id/within.ts';
import { decodeUtf8 } from '../../src/encoding/bytes.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { isSigError, SigError } from '../../src/errors.ts';
import type { WireResponse } from '../../src/ports.ts';
import { authorityOf, type ParsedUrl, parseUrl } from '../../src/target/target.ts';
import type { Context } from './command.ts';

/** Where npm itself asks when nobody says otherwise. */
const DEFAULT_REGISTRY = 'https://registry.npmjs.org/';
/** What npm asks for when it installs: names and versions, without the texts. */
const TYPE = 'application/vnd.npm.install-v1+json';
/** Largest answer, in bytes: some kB for each version that was ever published. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Largest `.npmrc`, in bytes. */
const MAX_CONFIG_BYTES = 64 * 1024;
/** For the whole answer. */
const TIMEOUT_MS = 10_000;

/**
 * The npm registry of this machine, as npm finds it: `npm_config_@scope:registry` and
 * `npm_config_registry` of the environment, then the same keys of the person's `.npmrc`, then npm's own.
 *
 * @param scope of the package, with its `@`
 * @throws {SigError} E_TARGET when it is not an https URL
 */
export async function findRegistry(scope: string, context: Pick<Context, 'env' | 'files'>): Promise<ParsedUrl> {
  const { env } = context;
  const config = await readNpmrc(context);
  const text = env(`npm_config_${scope}:registry`) ?? config.get(`${scope}:registry`) ??
    (env('npm_config_registry') || env('NPM_CONFIG_REGISTRY') || config.get('registry')) ?? DEFAULT_REGISTRY;
  const url = parseUrl(text.endsWith('/') ? text : `${text}/`);
  if (url.target.scheme === 'https') return url;
  throw new SigError('E_TARGET', `The npm registry "${authorityOf(url.target)}" is not asked over plain http`, {
    hint: 'name one with https: npm_config_registry=https://…',
  });
}

/**
 * Asks a registry for the latest version of a package. Nothing that says who asks goes with it.
 *
 * @param name of the package, with its scope
 * @returns what the registry says, unchecked
 * @throws {SigError} E_UPSTREAM when the answer is not what a registry says; E_UPSTREAM_TLS, E_TIMEOUT
 */
export async function askLatestVersion(
  name: string,
  registry: ParsedUrl,
  context: Pick<Context, 'send' | 'timer'>,
): Promise<string> {
  const [send, timer] = await Promise.all([context.send(), context.timer()]);
  const authority = authorityOf(registry.target);
  const sending = send(
    {
      method: 'GET',
      target: registry.target,
      path: registry.path + name.replace('/', '%2f'),
      headers: [['Host', authority], ['Accept', TYPE], ['Accept-Encoding', 'identity']],
    },
    null,
    // A registry of one's own is often in one's own network, and it is the person who named it.
    { allowPrivate: true, timeoutMs: TIMEOUT_MS },
  );
  const what = `No whole answer from the npm registry "${authority}"`;
  try {
    return await within(TIMEOUT_MS, what, timer, sending, (response) => readLatest(response, authority));
  } catch (cause) {
    if (!isSigError(cause, 'E_TIMEOUT')) throw cause;
    throw new SigError('E_TIMEOUT', `${what} within ${TIMEOUT_MS / 1000} seconds`, { cause });
  }
}

async function readLatest({ status, body }: WireResponse, authority: string): Promise<string> {
  const bad = (why: string) =>
    new SigError('E_UPSTREAM', `Cannot use the answer of the npm registry "${authority}": ${why}`);
  if (status !== 200) throw bad(`its status is ${status}`);
  const bytes = await readAll(body, MAX_BYTES);
  if (bytes === undefined) throw bad(`it has more than ${MAX_BYTES} bytes`);
  let latest: unknown;
  try {
    latest = (JSON.parse(decodeUtf8(bytes)) as { 'dist-tags'?: { latest?: unknown } } | null)?.['dist-tags']?.latest;
  } catch {
    throw bad('it is not JSON');
  }
  if (typeof latest !== 'string') throw bad('it names no latest version');
  return latest;
}

/** Keys and values of the person's `.npmrc`; none when there is no such file. */
async function readNpmrc({ env, files }: Pick<Context, 'env' | 'files'>): Promise<ReadonlyMap<string, string>> {
  const home = env('HOME') ?? env('USERPROFILE');
  const path = env('npm_config_userconfig') ?? (home === undefined ? undefined : `${home}/.npmrc`);
  if (path === undefined || !await files.exists(path)) return new Map();
  const bytes = await readAll(files.read(path), MAX_CONFIG_BYTES) ?? new Uint8Array();
  const text = new TextDecoder().decode(bytes);
  return new Map(
    [...text.matchAll(/^[ \t]*([\w@:/-]+)[ \t]*=[ \t]*"?([^\s"]+)"?[ \t]*\r?$/gm)].map(([, key, value]) => [
      key!,
      value!.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => env(name) ?? whole),
    ]),
  );
}
