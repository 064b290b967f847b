/**
 * `sig` for programs on Node, Deno and Bun: the logins of this machine's user, which the program uses without
 * being shown a secret. Beside it, the pieces that tie the core to a machine, for those who put it together themselves.
 *
 * @example An agent that acts with the login of its user
 * ```ts
 * import { openSig } from '@sigcli/cli/platform';
 *
 * const sig = await openSig();
 * const response = await sig.fetch(new Request('https://api.example.com/me'));
 * console.log(await response.json());
 * ```
 *
 * @module
 */

export { type AuditLog, createAuditLog } from '../src/audit/audit_log.ts';
export type { Mac } from '../src/audit/chain.ts';
export { isSigError, SigError, type SigErrorCode } from '../src/errors.ts';
export type { BodyDecoders, Log, Send, Store } from '../src/ports.ts';
export { Secret } from '../src/secret.ts';
export { createSig, type SigOptions } from '../src/sig/create_sig.ts';
export type { Exchange, RequestOptions, Sig } from '../src/sig/sig.ts';
export { openParts, openSig, type OpenSigOptions, type SigParts } from './open_sig.ts';
export { type AuditFileOptions, createAuditFile } from './platform/audit_file.ts';
export { createDecoders } from './platform/decoder.ts';
export { createFolderStore, type FolderStoreOptions } from './platform/folder_store.ts';
export { createHashMac } from './platform/hash_mac.ts';
export { createSend } from './platform/send.ts';
export type { UpstreamOptions } from './platform/upstream/options.ts';
