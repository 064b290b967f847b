import { parseServiceUrl } from '../../src/agent_id/authority.ts';
import { type CallRequest, callService, originOfCall, signHeaders } from '../../src/agent_id/call.ts';
import { renderCapabilities } from '../../src/agent_id/capabilities.ts';
import type { DocumentPorts } from '../../src/agent_id/fetch_document.ts';
import { fetchManifest, type FoundManifest } from '../../src/agent_id/fetch_manifest.ts';
import { planOperation } from '../../src/agent_id/operation.ts';
import { probeSupport } from '../../src/agent_id/support.ts';
import { type Bytes, encodeUtf8 } from '../../src/encoding/bytes.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { SigError } from '../../src/errors.ts';
import { printJson } from '../io.ts';
import { agentPorts, numberOf, openAgent, stateOf } from './agent_id_state.ts';
import type { Context, ParsedOptions, Run } from './command.ts';

/** Largest body of a call, in bytes: it is held so that it can be sent again with another nonce. */
const MAX_BODY_BYTES = 1_048_576;

export const discover: Run = async ({ options }, context) => {
  const { manifestUrl, allowedHost, origins, manifest } = await findManifest(options, context);
  const state = await stateOf(options, context);
  // Without an identity there is nothing to bind: the manifest is shown all the same.
  if (await state.info() !== undefined) {
    const session = await (await openAgent(state, context)).allow(origins);
    if (session) await state.audit.write({ event: 'allow', origins });
  }
  await printJson(context.io, { ok: true, manifestUrl, allowedHost, manifest });
  return 0;
};

export const capabilities: Run = async ({ options }, context) => {
  const { manifest } = await findManifest(options, context);
  if (context.io.json) await printJson(context.io, { ok: true, manifest });
  else await context.io.stdout.write(renderCapabilities(manifest, parseServiceUrl(readUrl(options), true).href));
  return 0;
};

export const support: Run = async ({ options }, context) => {
  await printJson(context.io, {
    ok: true,
    ...await probeSupport(readUrl(options), await documentPorts(options, context)),
  });
  return 0;
};

export const call: Run = async ({ options }, context) => {
  const { request, isSigned } = await readCall(options, context);
  const ports = await agentPorts(context);
  const state = await stateOf(options, context);
  const agent = await openAgent(state, context);
  const result = isSigned
    ? await agent.withSigning(async (signing) => {
      await state.audit.write({ event: 'sign', origin: originOfCall(request), method: request.method ?? 'GET' });
      return await callService(request, signing, ports);
    })
    : await callService(request, undefined, ports);
  await printJson(context.io, result);
  // As the agent-id skill has it, an answer is a success of the command unless one asks otherwise.
  return options.has('fail') && result.status >= 400 ? 1 : 0;
};

export const header: Run = async ({ options }, context) => {
  const request = {
    url: readUrl(options),
    method: options.value('method'),
    allowInsecure: options.has('allow-insecure'),
  };
  const ports = await agentPorts(context);
  const state = await stateOf(options, context);
  const signed = await (await openAgent(state, context)).withSigning(async (signing) => {
    await state.audit.write({ event: 'sign', origin: originOfCall(request), method: request.method ?? 'GET' });
    return await signHeaders(request, signing, ports);
  });
  if (options.has('raw')) {
    await context.io.stdout.write(`Authorization: ${signed.authorization}\nDPoP: ${signed.dpop}\n`);
  } else {
    await printJson(context.io, { ok: true, ...signed });
  }
  return 0;
};

async function findManifest(options: ParsedOptions, context: Context): Promise<FoundManifest> {
  return await fetchManifest(readUrl(options), await documentPorts(options, context));
}

async function documentPorts(options: ParsedOptions, context: Context): Promise<DocumentPorts> {
  const { send, timer } = await agentPorts(context);
  const timeoutMs = numberOf(options, 'timeout-ms', 1, 600_000);
  return { send, timer, timeoutMs, allowInsecure: options.has('allow-insecure') };
}

function readUrl(options: ParsedOptions): string {
  const url = options.value('url') ?? options.value('service');
  if (url !== undefined) return url;
  throw new SigError('E_USAGE', 'Option "--url" is missing');
}

/** One URL with a body, or an operation of the service's manifest with an input. */
async function readCall(
  options: ParsedOptions,
  context: Context,
): Promise<{ request: CallRequest; isSigned: boolean }> {
  const common = {
    timeoutMs: numberOf(options, 'timeout-ms', 1, 600_000),
    allowInsecure: options.has('allow-insecure'),
  };
  const operation = options.value('operation');
  if (operation === undefined) {
    const body = await readBody(options, context);
    const request = {
      ...common,
      url: readUrl(options),
      method: options.value('method'),
      body,
      contentType: options.value('content-type'),
    };
    return { request, isSigned: true };
  }
  for (const name of ['method', 'body', 'body-file', 'content-type']) {
    if (options.has(name)) throw new SigError('E_USAGE', `Options "--operation" and "--${name}" exclude each other`);
  }
  const { manifest } = await findManifest(options, context);
  const { isSigned, ...planned } = planOperation(
    manifest,
    operation,
    readInput(options.value('input')),
    options.has('confirm-destructive'),
  );
  return { request: { ...common, ...planned }, isSigned };
}

function readInput(text = '{}'): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Reported below, without the text.
  }
  throw new SigError('E_USAGE', 'The value of --input is not a JSON object');
}

async function readBody(options: ParsedOptions, context: Context): Promise<Bytes | undefined> {
  const file = options.value('body-file');
  const text = options.value('body');
  if (file === undefined) return text === undefined ? undefined : encodeUtf8(text);
  const bytes = await readAll(context.files.read(file), MAX_BODY_BYTES);
  if (bytes !== undefined) return bytes;
  throw new SigError('E_USAGE', `The body is longer than ${MAX_BODY_BYTES} bytes`);
}
