/**
 * HTTP Message Signatures (RFC 9421), digests (RFC 9530), and Web Bot Auth: requests that prove
 * who sent them. Everything here runs on Web Crypto alone: Node, Deno, Bun, Workers, at the edge.
 *
 * A bot signs its requests and publishes its key; a site verifies them:
 *
 * @example Sign requests as a bot
 * ```ts
 * import { generateKey, signWebBotAuth } from '@sigcli/cli/message-signature';
 *
 * const key = await generateKey('Ed25519');
 * const request = new Request('https://shop.example/catalogue');
 * const fields = await signWebBotAuth(request, { key, agent: 'https://bot.example' });
 * const signed = new Request(request, { headers: [...request.headers, ...fields] });
 * ```
 *
 * @example Publish the key, in a Worker
 * ```ts
 * import { directoryResponse, importKey } from '@sigcli/cli/message-signature';
 *
 * const worker = {
 *   async fetch(request: Request, env: { BOT_KEY: string }): Promise<Response> {
 *     return directoryResponse(request, [await importKey(JSON.parse(env.BOT_KEY))]);
 *   },
 * };
 * ```
 *
 * @example Verify a bot
 * ```ts
 * import { DIRECTORY_PATH, readDirectory, verifyWebBotAuth } from '@sigcli/cli/message-signature';
 *
 * const trusted = ['https://bot.example'];
 * async function botOf(request: Request): Promise<string | undefined> {
 *   const verdict = await verifyWebBotAuth(request, {
 *     async findKey({ agent, keyid }) {
 *       if (agent === undefined || !trusted.includes(agent)) return undefined;
 *       const url = agent + DIRECTORY_PATH;
 *       return (await readDirectory(await fetch(url, { redirect: 'manual' }), url)).get(keyid);
 *     },
 *   });
 *   return verdict.outcome === 'verified' ? verdict.bot.agent : undefined;
 * }
 * ```
 *
 * @module
 */

export { jwkThumbprint } from '../encoding/jwk_thumbprint.ts';
export { exportKey, generateKey, importKey, type PublicJwk, type SigningKey } from '../encoding/signing_key.ts';
export type { SignatureAlgorithm } from './algorithm.ts';
export { contentDigest, type DigestAlgorithm, matchesContentDigest } from './content_digest.ts';
export { DIRECTORY_PATH, directoryResponse, formatDirectory, readDirectory } from './directory.ts';
export type { FoundSignature } from './find_signature.ts';
export type { Message, RequestMessage, ResponseMessage } from './message.ts';
export { type SignatureParams, signMessage, type SignMessageOptions } from './sign_message.ts';
export { type SignatureVerdict, verifyMessage, type VerifyMessageOptions } from './verify_message.ts';
export {
  type BotClaim,
  type BotVerdict,
  verifyWebBotAuth,
  type VerifyWebBotAuthOptions,
} from './verify_web_bot_auth.ts';
export { signWebBotAuth, type WebBotAuthOptions } from './web_bot_auth.ts';
