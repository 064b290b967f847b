import { encodeBase64 } from '../encoding/base64.ts';
import { randomBytes } from '../encoding/bytes.ts';
import type { SigningKey } from '../encoding/signing_key.ts';
import type { HeaderPairs } from '../target/head.ts';
import type { SignatureAlgorithm } from './algorithm.ts';
import { fieldOf, linesOf, type RequestMessage } from './message.ts';
import { serializeDictionary, serializeMember } from './serialize_structured_field.ts';
import { signMessage } from './sign_message.ts';

/** The tag of a bot's signatures (draft-ietf-webbotauth-httpsig-protocol). */
export const WEB_BOT_AUTH_TAG: string = 'web-bot-auth';

/**
 * How `Signature-Agent` is written: `dictionary` as the current draft has it, or `legacy-string`,
 * the single quoted string of the older drafts, which is what deployed verifiers still want.
 */
export type WebBotAuthProfile = 'dictionary' | 'legacy-string';

/** How a bot signs. */
export interface WebBotAuthOptions {
  readonly key: SigningKey;
  /** Origin whose key directory lists the key, such as `https://bot.example`. */
  readonly agent: string;
  /** Default `dictionary`. */
  readonly profile?: WebBotAuthProfile | undefined;
  /** Name of the signature; default `sig1`. */
  readonly label?: string | undefined;
  /**
   * What to cover besides `Signature-Agent`; default authority, method, path and query, and
   * `content-digest` when the request has one. In the legacy profile a query that is not there is not covered: verifiers
   * of that time do not take it for `?`, as RFC 9421 §2.2.7 has it.
   */
  readonly components?: readonly string[] | undefined;
  /** How long the signature is good, in seconds; default 60, at most 86,400. */
  readonly lifetimeSec?: number | undefined;
  /** Default 64 random bytes in base64. */
  readonly nonce?: string | undefined;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** The longest life of a signature (draft-ietf-webbotauth-httpsig-protocol). */
export const MAX_LIFETIME_SEC: number = 86_400;

const HTTP_ALGORITHM = { Ed25519: 'ed25519', ES256: 'ecdsa-p256-sha256' } as const satisfies Record<
  SigningKey['kind'],
  SignatureAlgorithm
>;

/**
 * Signs a request as a bot that says who operates it (Web Bot Auth).
 *
 * @returns the fields to add: `Signature-Agent`, `Signature-Input` and `Signature`
 * @throws {SigError} E_SIGNATURE when a component is not in the request, or the label is taken
 * @throws {TypeError} when `agent` is not an https origin, or `components` lack authority and target URI
 * @throws {RangeError} when `lifetimeSec` is out of bounds
 *
 * @example
 * ```ts
 * const request = new Request('https://shop.example/catalogue');
 * const fields = await signWebBotAuth(request, { key, agent: 'https://bot.example' });
 * await fetch(new Request(request, { headers: [...request.headers, ...fields] }));
 * ```
 */
export async function signWebBotAuth(request: RequestMessage, options: WebBotAuthOptions): Promise<HeaderPairs> {
  const { key, label = 'sig1', profile = 'dictionary', lifetimeSec = 60, now = Date.now } = options;
  if (!(lifetimeSec > 0 && lifetimeSec <= MAX_LIFETIME_SEC)) {
    throw new RangeError('Parameter "lifetimeSec" must be above 0 and at most 86400');
  }
  const components = options.components ?? defaultComponents(request, profile);
  if (!components.some((name) => name === '@authority' || name === '@target-uri')) {
    throw new TypeError('Parameter "components" must hold "@authority" or "@target-uri"');
  }
  const agent = { value: requireAgent(options.agent), params: new Map() };
  const [field, component] = profile === 'dictionary'
    ? [serializeDictionary(new Map([[label, agent]])), `"signature-agent";key="${label}"`]
    : [serializeMember(agent), 'signature-agent'];
  // A legacy string cannot stand beside another one; dictionaries join.
  const others = (linesOf(request.headers, 'signature-agent') ?? []).length;
  if (others > 0 && profile === 'legacy-string') {
    throw new TypeError('Parameter "request" must not have a "Signature-Agent" yet');
  }
  const created = Math.floor(now() / 1000);
  const signatureAgent = ['Signature-Agent', field] as const;
  const message = { ...pick(request), headers: [...request.headers, signatureAgent] };
  const fields = await signMessage(message, {
    key,
    label,
    components: [...components, component],
    params: {
      created,
      keyid: key.thumbprint,
      alg: HTTP_ALGORITHM[key.kind],
      expires: created + lifetimeSec,
      nonce: options.nonce ?? encodeBase64(randomBytes(64)),
      tag: WEB_BOT_AUTH_TAG,
    },
  });
  return [signatureAgent, ...fields];
}

/** A request's members, which are getters that a spread would not see. */
function pick({ method, url }: RequestMessage): { method: string; url: string } {
  return { method, url };
}

function defaultComponents(request: RequestMessage, profile: WebBotAuthProfile): string[] {
  const coversQuery = profile === 'dictionary' || new URL(request.url).search !== '';
  const components = ['@authority', '@method', '@path', ...(coversQuery ? ['@query'] : [])];
  return fieldOf(request.headers, 'content-digest') === undefined ? components : [...components, 'content-digest'];
}

function requireAgent(agent: string): string {
  try {
    const url = new URL(agent);
    if (url.protocol === 'https:' && url.href === `${url.origin}/`) return url.origin;
  } catch {
    // Reported below, like every other text that is not an origin.
  }
  throw new TypeError('Parameter "agent" must be an https origin, such as "https://bot.example"');
}
