import { parseServiceUrl } from '../../src/agent_id/authority.ts';
import type { Agent, BootstrapRequest } from '../../src/agent_id/agent.ts';
import { importState } from '../../src/agent_id/import_state.ts';
import type { AgentSession } from '../../src/agent_id/session.ts';
import type { StandardGrant } from '../../src/agent_id/standard.ts';
import { decodeUtf8 } from '../../src/encoding/bytes.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { isSigError, SigError } from '../../src/errors.ts';
import { parseLoopbackRedirect } from '../../src/target/loopback_redirect.ts';
import { originOf } from '../../src/target/target.ts';
import { note, printable, printJson } from '../io.ts';
import { numberOf, openAgent, stateOf } from './agent_id_state.ts';
import type { AgentState, Context, KeySourceKind, ParsedOptions, Run } from './command.ts';

const KEY_SOURCES: readonly KeySourceKind[] = ['keychain', 'passphrase', 'file'];

export const bootstrap: Run = async ({ options }, context) => {
  const request = readRequest(options, context);
  const origins = options.values('origin').map((text) =>
    originOf(parseServiceUrl(text, options.has('allow-insecure')).target)
  );
  const state = await stateOf(options, context);
  const isNew = await state.info() === undefined;
  if (isNew || options.has('key-source')) await initialise(state, options.value('key-source'));
  const agent = await openAgent(state, context);
  await importPlaintext(agent, state, options.has('import'), context);
  const { session, already } = await agent.bootstrap(request());
  const allowed = origins.length === 0 ? session : await agent.allow(origins) ?? session;
  if (!already) await state.audit.write({ event: 'login', issuer: session.issuer, jkt: session.jkt });
  await printJson(context.io, {
    ok: true,
    ...(already ? { alreadyBootstrapped: true } : {}),
    ...describe(allowed),
    stateDir: state.dir,
  });
  return 0;
};

export const status: Run = async ({ options }, context) => {
  const state = await stateOf(options, context);
  const found = await state.info() === undefined ? undefined : await (await openAgent(state, context)).read();
  const { key, session } = found ?? {};
  const nowSec = context.clock.now() / 1000;
  await printJson(context.io, {
    ok: true,
    initialized: key !== undefined,
    bound: session !== undefined,
    ...(key === undefined ? {} : { jkt: key.thumbprint, keyKind: key.kind }),
    ...(session === undefined ? {} : {
      ...describe(session),
      algorithm: session.algorithm,
      canRefresh: session.refreshToken !== undefined,
      ...(session.expiresAtSec === undefined ? {} : {
        expiresAt: new Date(session.expiresAtSec * 1000).toISOString(),
        expiresInSec: Math.floor(session.expiresAtSec - nowSec),
      }),
    }),
    ...(session === undefined ? { nextStep: 'agent-id bootstrap' } : {}),
    stateDir: state.dir,
  });
  return 0;
};

export const refresh: Run = async ({ options }, context) => {
  const state = await stateOf(options, context);
  const session = await (await openAgent(state, context)).refresh();
  await state.audit.write({ event: 'refresh', issuer: session.issuer, jkt: session.jkt });
  await printJson(context.io, {
    ok: true,
    refreshedAt: new Date(session.obtainedAtSec * 1000).toISOString(),
    ownerSessionSub: session.subject ?? null,
    providerAddress: session.clientId,
  });
  return 0;
};

export const logout: Run = async ({ options }, context) => {
  const state = await stateOf(options, context);
  const { revoked } = await (await openAgent(state, context)).logout();
  await state.audit.write({ event: 'logout' });
  if (!revoked) await note(context.io, 'the authorization server was not told; its tokens end by themselves');
  await printJson(context.io, { ok: true, revoked, stateDir: state.dir });
  return 0;
};

function describe(session: AgentSession): Record<string, unknown> {
  return {
    jkt: session.jkt,
    ownerSub: session.subject ?? null,
    providerAddress: session.clientId,
    issuer: session.issuer,
    allowedOrigins: session.allowedOrigins,
  };
}

/** What the options ask for. The request itself is made when it is known that somebody must log in. */
function readRequest(options: ParsedOptions, context: Context): () => BootstrapRequest {
  const timeoutMs = (numberOf(options, 'timeout-sec', 1, 3600) ?? 300) * 1000;
  const pollIntervalMs = numberOf(options, 'poll-interval-ms', 10, 60_000);
  const show = (link: string, code?: string) => showLink(link, code, context);
  const issuer = options.value('issuer');
  if (issuer !== undefined) {
    const clientId = options.value('client-id');
    if (clientId === undefined) throw new SigError('E_USAGE', 'Option "--issuer" needs "--client-id"');
    parseServiceUrl(issuer, true);
    const [scope, redirectUri] = [options.value('scope'), options.value('redirect-uri')];
    if (redirectUri !== undefined) parseLoopbackRedirect(redirectUri);
    const grant = readGrant(options);
    const { listenForRedirect: listen } = context;
    return () => ({ profile: 'standard', issuer, clientId, grant, scope, timeoutMs, show, listen, redirectUri });
  }
  const ssoUrl = options.value('sso-url') ?? 'https://sso.alien-api.com';
  parseServiceUrl(ssoUrl, true);
  const clientId = options.value('provider-address') ?? context.env('ALIEN_PROVIDER_ADDRESS') ??
    // The provider app that the agent-id skill ships.
    '0000000604000000000036159b3c0f15';
  const oidcOrigin = options.value('oidc-origin');
  return () => ({ profile: 'alien', ssoUrl, clientId, oidcOrigin, timeoutMs, pollIntervalMs, show });
}

function readGrant(options: ParsedOptions): StandardGrant | undefined {
  const grant = options.value('grant');
  if (grant === undefined || grant === 'device_code' || grant === 'authorization_code') return grant;
  throw new SigError('E_USAGE', `Unknown grant "${grant}"`, { hint: 'use device_code or authorization_code' });
}

/** Shows a link, as text and on a terminal as a QR code. Nothing is opened (security case B18). */
async function showLink(link: string, code: string | undefined, { io }: Context): Promise<void> {
  await io.stderr.write(`Open this link to approve the agent:\n\n  ${printable(link)}\n\n`);
  if (code !== undefined) await io.stderr.write(`Code: ${printable(code)}\n\n`);
  if (io.stderr.isTerminal) await io.stderr.write(`${(await import('../qr.ts')).renderQr(link)}\n`);
}

async function initialise(state: AgentState, asked: string | undefined): Promise<void> {
  if (asked !== undefined && !KEY_SOURCES.includes(asked as KeySourceKind)) {
    throw new SigError('E_USAGE', `Unknown key source "${asked}"`, { hint: `use ${KEY_SOURCES.join(', ')}` });
  }
  try {
    await state.initialise((asked ?? 'keychain') as KeySourceKind);
  } catch (cause) {
    if (!isSigError(cause, 'E_KEY_SOURCE') || asked !== undefined) throw cause;
    throw new SigError('E_KEY_SOURCE', cause.message, {
      hint: 'choose another: --key-source passphrase, or --key-source file (protects against next to nothing)',
      cause,
    });
  }
}

/** Takes over the plaintext files of the agent-id skill. They stay where they are: they are the user's. */
async function importPlaintext(agent: Agent, { dir }: AgentState, isAsked: boolean, context: Context): Promise<void> {
  const [keyFile, sessionFile] = [`${dir}/keys/main.json`, `${dir}/owner-session.json`] as const;
  const { files } = context;
  if (!(await files.exists(keyFile))) {
    if (isAsked) throw new SigError('E_IMPORT', `Cannot import: "${keyFile}" is not there`);
    return;
  }
  if ((await agent.read()).key) {
    if (isAsked) throw new SigError('E_EXISTS', 'There is an agent key already');
    return;
  }
  const read = async (file: string) => {
    const bytes = await readAll(files.read(file), 1024 * 1024);
    if (bytes === undefined) throw new SigError('E_IMPORT', `Cannot import "${file}": it is too long`);
    return decodeUtf8(bytes);
  };
  const sessionText = await files.exists(sessionFile) ? await read(sessionFile) : undefined;
  await agent.adopt(await importState(await read(keyFile), sessionText, Math.floor(context.clock.now() / 1000)));
  const kept = [keyFile, ...(sessionText === undefined ? [] : [sessionFile])];
  await note(
    context.io,
    `warning: the key is now sealed, but it is still readable in ${kept.join(' and ')}; remove it`,
  );
}
