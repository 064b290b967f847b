import { decodeUtf8 } from '../encoding/bytes.ts';
import { jwkThumbprint } from '../encoding/jwk_thumbprint.ts';
import { readAll } from '../encoding/read_all.ts';
import { type PublicJwk, readPublicJwk, type SigningKey } from '../encoding/signing_key.ts';
import { SigError } from '../errors.ts';
import { contentDigest, matchesContentDigest } from './content_digest.ts';
import type { RequestMessage } from './message.ts';
import { signMessage } from './sign_message.ts';
import { verifyMessage } from './verify_message.ts';

/** Where a bot publishes its keys. */
export const DIRECTORY_PATH: string = '/.well-known/http-message-signatures-directory';

const MEDIA_TYPE = 'application/http-message-signatures-directory+json';
const TAG = 'http-message-signatures-directory';
const COMPONENTS = ['"@authority";req', 'content-digest'];
const MAX_BYTES = 65_536;
const MAX_KEYS = 64;

/**
 * The key directory as text: a JWK Set with the thumbprint of each key as its `kid`.
 *
 * @example
 * ```ts
 * formatDirectory([key]);
 * // '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"…","x":"…","use":"sig"}]}'
 * ```
 */
export function formatDirectory(keys: readonly Pick<SigningKey, 'publicJwk' | 'thumbprint'>[]): string {
  return JSON.stringify({
    keys: keys.map(({ publicJwk: { kty, crv, ...coordinates }, thumbprint: kid }) => ({
      kty,
      crv,
      kid,
      ...coordinates,
      use: 'sig',
    })),
  });
}

/**
 * Answers a request for the key directory, signed once per key.
 *
 * @param options.maxAgeSec how long it may be cached, and how long its signatures are good, in
 * seconds; default 86,400
 *
 * @example A Worker that publishes its key
 * ```ts
 * const worker = { fetch: (request: Request) => directoryResponse(request, [key]) };
 * ```
 */
export async function directoryResponse(
  request: RequestMessage,
  keys: readonly SigningKey[],
  options: { readonly maxAgeSec?: number; readonly now?: () => number } = {},
): Promise<Response> {
  const { maxAgeSec = 86_400, now = Date.now } = options;
  const body = formatDirectory(keys);
  const headers = new Headers({
    'Content-Type': MEDIA_TYPE,
    'Cache-Control': `max-age=${maxAgeSec}`,
    'Content-Digest': await contentDigest(body),
  });
  const created = Math.floor(now() / 1000);
  for (const [at, key] of keys.entries()) {
    const params = { created, expires: created + maxAgeSec, keyid: key.thumbprint, tag: TAG };
    const label = `sig${at + 1}`;
    for (
      const [name, value] of await signMessage({ status: 200, headers, request }, {
        key,
        label,
        params,
        components: COMPONENTS,
      })
    ) {
      headers.append(name, value);
    }
  }
  return new Response(body, { headers });
}

/**
 * Reads a key directory that was fetched without following redirects.
 *
 * @param url what was fetched: the directory of the agent's origin
 * @param options.requireSignature whether keys without a signature of their own are left out;
 * default false, since the draft leaves signatures open
 * @returns the P-256 and Ed25519 keys by thumbprint
 * @throws {SigError} E_SIGNATURE when the answer is no directory, or its digest or a signature is wrong
 *
 * @example
 * ```ts
 * const url = `https://bot.example${DIRECTORY_PATH}`;
 * const keys = await readDirectory(await fetch(url, { redirect: 'manual' }), url);
 * keys.get('poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U');
 * ```
 */
export async function readDirectory(
  response: Response,
  url: string,
  options: { readonly requireSignature?: boolean; readonly now?: () => number } = {},
): Promise<ReadonlyMap<string, PublicJwk>> {
  const { headers, status } = response;
  if (status !== 200) throw untrusted(`it came with status ${status}`);
  if ((headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase() !== MEDIA_TYPE) {
    throw untrusted('it is of another media type');
  }
  const body = await readAll(response.body ?? [], MAX_BYTES);
  if (body === undefined) throw untrusted(`it is longer than ${MAX_BYTES} bytes`);
  const digest = headers.get('content-digest');
  if (digest !== null && !(await matchesContentDigest(digest, body))) throw untrusted('its digest is wrong');
  const message = { status, headers, request: { method: 'GET', url, headers: [] } };
  const keys = new Map<string, PublicJwk>();
  for (const [keyid, jwk] of await readKeys(body)) {
    const verdict = await verifyMessage(message, {
      tag: TAG,
      keyid,
      requires: COMPONENTS,
      now: options.now,
      findKey: () => jwk,
    });
    const isUnsigned = verdict.outcome === 'invalid' && verdict.fault === 'unsigned';
    if (verdict.outcome !== 'verified' && !isUnsigned) throw untrusted('a signature of it is wrong');
    if (!isUnsigned || !options.requireSignature) keys.set(keyid, jwk);
  }
  return keys;
}

async function readKeys(body: Uint8Array<ArrayBuffer>): Promise<Map<string, PublicJwk>> {
  const keys = new Map<string, PublicJwk>();
  let list: unknown;
  try {
    list = (JSON.parse(decodeUtf8(body)) as { keys?: unknown } | null)?.keys;
  } catch (cause) {
    throw untrusted('it is not JSON', cause);
  }
  if (!Array.isArray(list) || list.length > MAX_KEYS) throw untrusted(`it is not a set of at most ${MAX_KEYS} keys`);
  for (const jwk of list) {
    try {
      const { publicJwk } = readPublicJwk(jwk);
      const thumbprint = await jwkThumbprint(publicJwk);
      if (jwk.kid === thumbprint) keys.set(thumbprint, publicJwk);
    } catch {
      // A key of another kind: of no use here, and no reason to refuse the others.
    }
  }
  return keys;
}

function untrusted(why: string, cause?: unknown): SigError {
  return new SigError('E_SIGNATURE', `Cannot use the key directory: ${why}`, { cause });
}
