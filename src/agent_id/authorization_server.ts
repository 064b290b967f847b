import type { ProofAlgorithm } from '../dpop/algorithm.ts';
import type { ClockOffsets } from '../dpop/clock_offset.ts';
import { dpopFetch } from '../dpop/dpop_fetch.ts';
import type { NonceStore } from '../dpop/nonce_store.ts';
import { requireDpopToken } from '../dpop/token.ts';
import { encodeUtf8 } from '../encoding/bytes.ts';
import type { SigningKey } from '../encoding/signing_key.ts';
import { isSigError, SigError } from '../errors.ts';
import type { BuiltRequest } from '../oauth/client.ts';
import { metadataUrls, parseMetadata, type ServerMetadata } from '../oauth/discovery.ts';
import { processTokenAnswer, type TokenAnswer } from '../oauth/token_response.ts';
import type { WireResponse } from '../ports.ts';
import { isLoopbackHost } from '../target/host.ts';
import { authorityOf, originOf, parseUrl } from '../target/target.ts';
import { parseServiceUrl } from './authority.ts';
import { readClaims } from './session.ts';
import { type AgentPorts, createTransport, readJsonObject, type Transport } from './transport.ts';

/** What signs the requests of a login, and what servers have taught so far. */
export interface ProofState {
  readonly key: SigningKey;
  readonly algorithm: ProofAlgorithm;
  readonly nonces: NonceStore;
  readonly clockOffsets: ClockOffsets;
}

/** How long one request to an authorization server may take, in milliseconds. */
const TIMEOUT_MS = 20_000;
const MAX_BYTES = 256 * 1024;

/**
 * What the requests to an authorization server are sent with. Plain http and private addresses are
 * for servers on this very machine.
 *
 * @throws {SigError} E_TARGET, E_PLAINTEXT
 */
export function transportTo(url: string, ports: AgentPorts): Transport {
  const { target } = parseServiceUrl(url, true);
  return createTransport(ports, {
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    allowPrivate: isLoopbackHost(target.host),
  });
}

/**
 * Reads the metadata of an issuer.
 *
 * @throws {SigError} E_TOKEN_RESPONSE when it has none that is usable, and what sending throws
 */
export async function discoverServer(issuer: string, ports: AgentPorts): Promise<ServerMetadata> {
  let last: unknown;
  for (const url of metadataUrls(issuer)) {
    const response = await transportTo(url, ports).send(new Request(url, { headers: { Accept: 'application/json' } }));
    if (response.status !== 200) continue;
    try {
      return parseMetadata(await readJsonObject(response), issuer);
    } catch (error) {
      last = error;
    }
  }
  if (isSigError(last)) throw last;
  throw new SigError('E_TOKEN_RESPONSE', `"${authorityOf(parseUrl(issuer).target)}" has no usable metadata`, {
    hint: 'check the URL of the authorization server',
  });
}

/** Sends a request to an authorization server. */
export async function sendToServer(request: BuiltRequest, ports: AgentPorts): Promise<WireResponse> {
  const sent = toRequest(request);
  return await toWire(await transportTo(sent.url, ports).send(sent));
}

/**
 * The same with a proof of the key. Nonces and clocks are dealt with; a proof is never sent twice,
 * since a server may take that for a stolen grant (RFC 9449 §8, §11.1).
 */
export async function sendWithProof(
  request: BuiltRequest,
  state: ProofState,
  ports: AgentPorts,
): Promise<WireResponse> {
  const sent = toRequest(request);
  const ask = dpopFetch(transportTo(sent.url, ports).send, {
    ...state,
    origins: [originOf(request.head.target)],
    role: 'AS',
    allowHttp: true,
    now: () => ports.clock.now(),
  });
  return await toWire(await ask(sent));
}

/**
 * Asks a token endpoint for tokens that are bound to the key.
 *
 * @param answers error codes that are answers here, such as `authorization_pending`
 * @throws {SigError} E_LOGIN_REQUIRED when the grant is dead, E_TOKEN_RESPONSE when the tokens are
 * not bound to the key, E_LOGIN_FAILED, E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT, E_DPOP_NONCE, E_CLOCK
 */
export async function askForTokens(
  request: BuiltRequest,
  state: ProofState,
  ports: AgentPorts,
  answers: readonly string[] = [],
): Promise<TokenAnswer> {
  const response = await sendWithProof(request, state, ports);
  const name = authorityOf(request.head.target);
  try {
    const answer = await processTokenAnswer(response, name, answers);
    if (!answer.tokens) return answer;
    const { tokens } = answer;
    requireDpopToken({ token_type: tokens.tokenType });
    const { jkt } = readClaims(tokens.accessToken.reveal());
    if (jkt !== undefined && jkt !== state.key.thumbprint) {
      throw new SigError('E_TOKEN_RESPONSE', `"${name}" gave a token that is bound to another key`);
    }
    return { tokens };
  } catch (cause) {
    if (!isSigError(cause, 'E_LOGIN_REQUIRED') && !isSigError(cause, 'E_LOGIN_FAILED')) throw cause;
    const hint = cause.code === 'E_LOGIN_REQUIRED'
      ? 'the grant is dead; begin anew: agent-id logout, then agent-id bootstrap'
      : cause.hint;
    throw new SigError(cause.code, cause.message, { cause, hint });
  }
}

/** `Host` and the length are the transport's own business. */
function toRequest({ head, body: [bytes] }: BuiltRequest): Request {
  const headers = head.headers.filter(([name]) => name !== 'Host' && name !== 'Content-Length')
    .map(([name, value]): [string, string] => [name, value]);
  return new Request(originOf(head.target) + head.path, { method: head.method, headers, body: bytes });
}

async function toWire(response: Response): Promise<WireResponse> {
  const body = oneChunk(encodeUtf8(await response.text()));
  return { status: response.status, reason: '', headers: [], body };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
