/**
 * A forward proxy for places without sockets: programs call it with a token of their own, and their requests go
 * on with a login that they never see.
 *
 * @example A worker in front of one API
 * ```ts
 * import { createForwarder, matchToken } from '@sigcli/cli/proxy';
 * import { createSig, loadProviders, parseConfig, Secret } from '@sigcli/cli';
 *
 * const providers = await loadProviders(parseConfig(config), 'config', env);
 * const forward = createForwarder({
 *   sig: createSig({ providers, credentials, renew, audit, send, clock, env }),
 *   providers,
 *   env,
 *   isToken: matchToken(new Secret(env('BROKER_KEY')!)),
 * });
 * export default { fetch: (request: Request) => forward(request) };
 * // GET https://broker.example/api.example.com/me with "Authorization: Bearer <BROKER_KEY>"
 * ```
 *
 * @module
 */

export { isSigError, SigError, type SigErrorCode } from '../errors.ts';
export { Secret } from '../secret.ts';
export { createForwarder, type ForwarderOptions } from './forwarder.ts';
export { createSessionToken, matchToken, type SessionToken } from './session_token.ts';
