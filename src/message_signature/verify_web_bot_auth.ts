import { jwkThumbprint } from '../encoding/jwk_thumbprint.ts';
import { findSignature, type FoundSignature } from './find_signature.ts';
import { fieldOf, type RequestMessage } from './message.ts';
import { parseDictionary, parseItem } from './parse_structured_field.ts';
import { isInnerList, type Member } from './structured_field.ts';
import { type SignatureFault, verifyMessage } from './verify_message.ts';
import { MAX_LIFETIME_SEC, WEB_BOT_AUTH_TAG } from './web_bot_auth.ts';

/** Who a bot says it is. */
export interface BotClaim {
  /** URL of `Signature-Agent`: an https origin with a key directory, or what `type` says. Absent without the field. */
  readonly agent?: string;
  /** Parameter `type` of `Signature-Agent`, such as `jwks_uri`. */
  readonly type?: string;
  /** Thumbprint of its key. */
  readonly keyid: string;
}

/** How to verify a bot. */
export interface VerifyWebBotAuthOptions {
  /**
   * The bot's key, out of its directory; `undefined` when there is none. The URL was written by
   * the bot: fetch it only as far as you would any stranger's, and keep the answer.
   */
  readonly findKey: (claim: BotClaim) => JsonWebKey | undefined | Promise<JsonWebKey | undefined>;
  /** Whether this nonce was not used before; absent: nonces are not looked at. */
  readonly isFreshNonce?: ((nonce: string, untilSec: number) => boolean | Promise<boolean>) | undefined;
  /** Whether the keys printed in RFCs are taken; default false. For tests. */
  readonly allowTestKeys?: boolean | undefined;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** What became of a bot's claim. */
export type BotVerdict =
  | { readonly outcome: 'verified'; readonly bot: BotClaim; readonly signature: FoundSignature }
  | { readonly outcome: 'invalid'; readonly fault: BotFault }
  | { readonly outcome: 'unverified'; readonly fault: 'unknown_key' };

/** Why a bot's signature is not taken. */
export type BotFault = Exclude<SignatureFault, 'unknown_key'> | 'bad_agent' | 'too_long' | 'test_key' | 'replayed';

// Thumbprints of RFC 9421 §B.1.4 and RFC 8037 §A.3: everybody has their private halves.
const TEST_KEYS = new Set([
  'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U',
  'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
]);
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/**
 * Verifies a bot's signature (Web Bot Auth), in either profile.
 *
 * @returns a verdict; hostile input is a fault, not an exception
 *
 * @example
 * ```ts
 * const verdict = await verifyWebBotAuth(request, { findKey: ({ agent, keyid }) => directories.get(agent)?.get(keyid) });
 * if (verdict.outcome === 'verified') verdict.bot.agent; // "https://bot.example"
 * ```
 */
export async function verifyWebBotAuth(request: RequestMessage, options: VerifyWebBotAuthOptions): Promise<BotVerdict> {
  const found = findSignature(request, { tag: WEB_BOT_AUTH_TAG });
  if (typeof found === 'string') return { outcome: 'invalid', fault: found };
  const bot = readClaim(request, found.signature, options.allowTestKeys ?? false);
  if (typeof bot === 'string') return { outcome: 'invalid', fault: bot };
  const verdict = await verifyMessage(request, {
    label: found.signature.label,
    now: options.now,
    findKey: async () => {
      const key = await options.findKey(bot);
      // A directory that gives another key does not have this one.
      return key !== undefined && await jwkThumbprint(key) === bot.keyid ? key : undefined;
    },
  });
  if (verdict.outcome !== 'verified') return verdict;
  const { nonce, expires } = verdict.signature.params;
  if (nonce !== undefined && options.isFreshNonce && !(await options.isFreshNonce(nonce, expires!))) {
    return { outcome: 'invalid', fault: 'replayed' };
  }
  return { outcome: 'verified', bot, signature: verdict.signature };
}

/** What a signature claims, when it has the form that the draft asks for. */
function readClaim(request: RequestMessage, signature: FoundSignature, allowTestKeys: boolean): BotClaim | BotFault {
  const { created, expires, keyid } = signature.params;
  if (created === undefined || expires === undefined || keyid === undefined || !THUMBPRINT.test(keyid)) {
    return 'malformed';
  }
  if (expires - created > MAX_LIFETIME_SEC || expires < created) return 'too_long';
  if (TEST_KEYS.has(keyid) && !allowTestKeys) return 'test_key';
  const covers = (component: string) => signature.components.includes(component);
  if (!covers('"@authority"') && !covers('"@target-uri"')) return 'not_covered';
  const field = fieldOf(request.headers, 'signature-agent');
  if (field === undefined) return { keyid };
  const agent = readAgent(field, signature.label);
  if (agent === undefined) return 'bad_agent';
  // An agent that is not signed could be anybody's.
  if (!covers(agent.component)) return 'not_covered';
  return { agent: agent.url, ...(agent.type === undefined ? {} : { type: agent.type }), keyid };
}

/** The agent of a signature: the member under the signature's own label, or the one string of the legacy profile. */
function readAgent(field: string, label: string): { url: string; type?: string; component: string } | undefined {
  const isLegacy = field.startsWith('"');
  try {
    const member: Member | undefined = isLegacy ? parseItem(field) : parseDictionary(field).get(label);
    if (member === undefined || isInnerList(member) || typeof member.value !== 'string') return undefined;
    if (new URL(member.value).protocol !== 'https:') return undefined;
    const type = member.params.get('type');
    const name = typeof type === 'object' && 'type' in type && type.type === 'token' ? type.value : type;
    const component = isLegacy ? '"signature-agent"' : `"signature-agent";key="${label}"`;
    return { url: member.value, component, ...(typeof name === 'string' ? { type: name } : {}) };
  } catch {
    return undefined; // Neither a structured field nor a URL: no agent that anybody could look up.
  }
}
