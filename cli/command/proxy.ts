import { SigError } from '../../src/errors.ts';
import { type ChildProxy, proxyEnvironment, proxyUrl } from '../../src/proxy/child_environment.ts';
import { note, printJson, printLine } from '../io.ts';
import type { CommandInput, Context, ProxySession, Run } from './command.ts';

/** A proxy that no program uses for a login forgets them all (security case S24). */
const LOCK_AFTER_MS = 15 * 60_000;

/** So long an answer that is under way may take to end when the proxy is told to stop. */
const GRACE_MS = 5_000;

export const run: Run = async (input, context) => {
  const [action] = input.args;
  switch (action) {
    case undefined:
      return await serve(input, context, undefined);
    case 'serve':
      return await serve(input, context, await context.daemon());
    case 'start':
      return await start(input, context);
    case 'stop': {
      const wasRunning = await (await context.daemon()).stop();
      await note(context.io, wasRunning ? 'the proxy has stopped' : 'no proxy runs');
      return 0;
    }
    case 'status':
      return await status(context);
    case 'env':
      return await env(context);
    case 'trust':
    case 'untrust':
      return await trust(action, context);
    default:
      throw new SigError('E_USAGE', `Unknown action "${action}"`, {
        hint: 'use start, stop, status, env, trust or untrust; or nothing',
      });
  }
};

/** Runs a proxy in this process until it is told to stop. */
async function serve(
  input: CommandInput,
  context: Context,
  daemon: Awaited<ReturnType<Context['daemon']>> | undefined,
): Promise<number> {
  const session = await context.startProxy({
    ...readOptions(input),
    ca: 'stored',
    lockAfterMs: LOCK_AFTER_MS,
    onNote: (text) => void note(context.io, text).catch(() => {}),
  });
  let end = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  const release = await daemon?.serve(session, end);
  const stop = async () => {
    await release?.();
    await session.stop(GRACE_MS);
  };
  const forget = context.onInterrupt(stop);
  await announce(session, context, daemon !== undefined);
  await Promise.race([ended, session.stopAsked]);
  forget();
  await stop();
  return 0;
}

async function announce(session: ProxySession, context: Context, isDaemon: boolean): Promise<void> {
  const { io } = context;
  if (io.json) return await printJson(io, session.status());
  await printLine(io, `Proxy on http://127.0.0.1:${session.port}`);
  // The log of a daemon is a file: no token goes into it.
  if (isDaemon) return;
  for (const line of exportLines(session.child(), io.stdout.isTerminal)) await printLine(io, line);
}

async function start(input: CommandInput, context: Context): Promise<number> {
  const options = readOptions(input);
  const args = [
    ...(options.port === undefined ? [] : ['--port', String(options.port)]),
    ...(options.providers === undefined ? [] : ['--provider', options.providers.join(',')]),
    ...(options.isStrict ? ['--strict'] : []),
  ];
  const started = await (await context.daemon()).start(args);
  if (context.io.json) await printJson(context.io, started);
  else await note(context.io, `the proxy runs on port ${started.port}; to use it: eval "$(sig proxy env)"`);
  return 0;
}

async function status(context: Context): Promise<number> {
  const found = await (await context.daemon()).status();
  if (context.io.json || !context.io.stdout.isTerminal) {
    await printJson(context.io, { running: found !== undefined, ...found });
  } else if (found) {
    await printLine(context.io, `running on port ${found.port}, process ${found.pid}${found.locked ? ', locked' : ''}`);
  } else await printLine(context.io, 'not running');
  return found ? 0 : 1;
}

async function env(context: Context): Promise<number> {
  const child = await (await context.daemon()).child();
  if (!child) throw new SigError('E_USAGE', 'No proxy runs', { hint: 'sig proxy start' });
  if (context.io.json) await printJson(context.io, proxyEnvironment(child));
  else for (const line of exportLines(child, true)) await printLine(context.io, line);
  return 0;
}

async function trust(action: 'trust' | 'untrust', context: Context): Promise<number> {
  const { io } = context;
  const report = await (await context.caTrust())[action]();
  if (io.json) await printJson(io, report);
  else {
    for (const print of new Set(report.fingerprints)) await printLine(io, `CA with the SHA-256 fingerprint ${print}`);
    const done = action === 'trust' ? 'added to' : 'removed from';
    for (const store of report.changed) await printLine(io, `${done} ${store}`);
    for (const { store, message } of report.failed) await note(io, `not ${done} ${store}: ${message}`);
    if (report.changed.length + report.failed.length === 0) {
      await note(io, action === 'trust' ? 'no browser store that lacks it was found' : 'nothing was left to remove');
    }
    if (report.commands.length > 0) {
      await note(io, 'for the store of the system, which sig does not touch:');
      for (const command of report.commands) await printLine(io, command);
    }
  }
  return report.failed.length > 0 ? 1 : 0;
}

/**
 * What a shell evaluates.
 *
 * @param withToken whether the address carries the token; programs of the same user need none on Linux
 */
function exportLines(child: ChildProxy, withToken: boolean): string[] {
  const variables = proxyEnvironment(child);
  return Object.entries(variables).map(([name, value]) => {
    const shown = withToken ? value : value.replace(proxyUrl(child), `http://127.0.0.1:${child.port}`);
    return `export ${name}='${shown.replaceAll("'", `'\\''`)}'`;
  });
}

function readOptions({ options }: CommandInput) {
  const port = options.value('port');
  const providers = options.value('provider')?.split(',').map((id) => id.trim()).filter((id) => id !== '');
  if (port !== undefined && (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)) {
    throw new SigError('E_USAGE', `Cannot use port "${port}"`, { hint: 'ports are 0 to 65535; 0 takes a free one' });
  }
  return {
    port: port === undefined ? undefined : Number(port),
    providers,
    isStrict: options.has('strict'),
  };
}
