import { placeInHead } from '../../src/apply/place.ts';
import { mergePlacements, type Placement, renderPlacements } from '../../src/apply/placement.ts';
import { valueFor } from '../../src/credential/value_for.ts';
import type { Credential } from '../../src/credential/credential.ts';
import { SigError } from '../../src/errors.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createFreshness } from '../../src/sig/fresh.ts';
import type { RequestHead } from '../../src/target/head.ts';
import { authorityOf, originOf, parseUrl, type Target } from '../../src/target/target.ts';
import { note, printJson } from '../io.ts';
import type { Context, Run } from './command.ts';
import { publicKeys } from './public_keys.ts';
import { isUrl, requireProviderOrUrl } from './require_provider.ts';

const FORMATS = ['json', 'header', 'value', 'curl', 'netscape', 'directory'];
/** Stands for a whole value, whatever its length: even the length says something. */
const REDACTED = '[redacted]';

export const run: Run = async ({ args, options }, context) => {
  const format = options.value('format') ?? 'json';
  if (!FORMATS.includes(format)) {
    throw new SigError('E_USAGE', `Unknown format "${format}"`, { hint: `use ${FORMATS.join(', ')}` });
  }
  const isRaw = options.has('no-redaction');
  if (isRaw && context.env('SIG_AGENT') === '1') {
    throw new SigError('E_AGENT_REFUSED', 'Refused to show a secret to an agent', {
      hint: 'send the request with sig request or through the proxy instead',
    });
  }
  const word = args[0]!;
  const provider = requireProviderOrUrl(await context.providers(), word);
  const credential = await freshCredential(provider, context);
  if (format === 'directory') return await printDirectory(provider, credential, context);
  const head = headFor(provider, isUrl(word) ? word : undefined);
  const nowSec = Math.floor(context.clock.now() / 1000);
  const placements = mergePlacements(
    renderPlacements(provider, (key, rule) => valueFor(credential, provider.extract, key, rule, head, nowSec)),
  );
  if (isRaw) {
    await (await context.audit()).write({ event: 'reveal', provider: provider.id, format });
    await note(context.io, 'the secret itself follows on stdout: whoever can read it can act as you');
  }
  const shown = isRaw ? placements : placements.map((placement) => ({ ...placement, value: REDACTED }));
  await print(format, provider, credential, head, shown, isRaw, context);
  return 0;
};

async function freshCredential(provider: Provider, context: Context): Promise<Credential> {
  const { clock } = context;
  const [credentials, renew, audit] = await Promise.all([context.credentials(), context.renewal(), context.audit()]);
  return await createFreshness({ credentials, clock, renew, audit }).current(provider);
}

/** A GET of the given URL, or of the provider's first host. */
function headFor(provider: Provider, url: string | undefined): RequestHead {
  if (url !== undefined) {
    const { target, path } = parseUrl(url);
    return { method: 'GET', target, path, headers: [['Host', authorityOf(target)]] };
  }
  const entry = provider.config.entryUrl;
  if (entry !== undefined && !entry.includes('${')) return headFor(provider, entry);
  const domain = provider.domains.find((candidate) => !candidate.wildcard) ?? provider.domains[0]!;
  const target: Target = { scheme: 'https', host: domain.host, port: domain.port ?? 443 };
  return { method: 'GET', target, path: '/', headers: [['Host', authorityOf(target)]] };
}

async function print(
  format: string,
  provider: Provider,
  credential: Credential,
  head: RequestHead,
  placements: readonly Placement[],
  isRaw: boolean,
  context: Context,
): Promise<void> {
  const { io } = context;
  const headers = placements.filter((placement) => placement.in === 'header' && placement.action !== 'remove');
  switch (format) {
    case 'json': {
      const byName = (place: string) =>
        Object.fromEntries(
          placements.filter((one) => one.in === place && one.action !== 'remove').map((one) => [one.name, one.value]),
        );
      await printJson(io, {
        provider: provider.id,
        strategy: provider.strategy,
        ...(credential.expiresAtSec === undefined
          ? {}
          : { expiresAt: new Date(credential.expiresAtSec * 1000).toISOString() }),
        ...await publicKeys(credential),
        headers: byName('header'),
        ...(placements.some((one) => one.in === 'query') ? { query: byName('query') } : {}),
        ...(placements.some((one) => one.in === 'body') ? { body: byName('body') } : {}),
      });
      return;
    }
    case 'header':
      for (const { name, value } of headers) await io.stdout.write(`${name}: ${value}\n`);
      return;
    case 'value':
      for (const { value } of placements.filter((one) => one.action !== 'remove')) await io.stdout.write(`${value}\n`);
      return;
    case 'curl': {
      const placed = placeInHead(head, placements.filter((one) => one.in === 'query'));
      const words = [
        'curl',
        ...headers.flatMap(({ name, value }) => ['-H', quote(`${name}: ${value}`)]),
        quote(originOf(head.target) + placed.path),
      ];
      await io.stdout.write(`${words.join(' ')}\n`);
      return;
    }
    case 'netscape': {
      // The cookies.txt that curl -b and wget --load-cookies read.
      const lines = (credential.cookies?.reveal() ?? []).map((cookie) =>
        [
          `${cookie.httpOnly ? '#HttpOnly_' : ''}${cookie.hostOnly ? '' : '.'}${cookie.domain}`,
          cookie.hostOnly ? 'FALSE' : 'TRUE',
          cookie.path,
          cookie.secure ? 'TRUE' : 'FALSE',
          String(cookie.expiresAtSec ?? 0),
          cookie.name,
          isRaw ? cookie.value : REDACTED,
        ].join('\t')
      );
      await io.stdout.write(['# Netscape HTTP Cookie File', ...lines, ''].join('\n'));
      return;
    }
  }
}

/** The public half of the key that others know this login by, ready to be published. */
async function printDirectory(provider: Provider, credential: Credential, { io }: Context): Promise<number> {
  const jwk = credential.keys?.webBotAuth;
  if (jwk === undefined) {
    throw new SigError('E_USAGE', `Provider "${provider.id}" does not sign with a published key`, {
      hint: 'its entry says so with: sign: web-bot-auth',
      provider: provider.id,
    });
  }
  const [{ formatDirectory }, { importKey }] = await Promise.all([
    import('../../src/message_signature/directory.ts'),
    import('../../src/encoding/signing_key.ts'),
  ]);
  await io.stdout.write(`${formatDirectory([await importKey(jwk.reveal())])}\n`);
  return 0;
}

/** One word for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
