import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { createAuditLog } from '../src/audit/audit_log.ts';
import type { Clock, Prompt } from '../src/ports.ts';
import type { Vault } from '../src/vault/vault.ts';
import type { AgentState } from './command/command.ts';
import { createAuditFile } from './platform/audit_file.ts';
import { createFolderStore } from './platform/folder_store.ts';
import { createHashMac } from './platform/hash_mac.ts';
import { initialiseVault, openVault, readVaultInfo } from './platform/vault_home.ts';

/**
 * Puts together the state of an agent identity: a folder with a vault and an audit log of its own.
 *
 * @param stateDirOption `--state-dir`; else `AGENT_ID_STATE_DIR`, else `~/.agent-id`
 */
export function composeAgent(stateDirOption: string | undefined, prompt: Prompt, clock: Clock): AgentState {
  const dir = resolve(stateDirOption ?? (process.env.AGENT_ID_STATE_DIR || join(homedir(), '.agent-id')));
  const options = { prompt, env: process.env };
  let opened: Promise<Vault> | undefined;
  const vault = () => opened ??= openVault(dir, options);
  const log = createAuditFile({ folder: join(dir, 'logs'), lease: () => createFolderStore(dir).lease('logs/audit') });
  return {
    dir,
    info: () => readVaultInfo(dir),
    initialise: (source) => initialiseVault(dir, source, options),
    vault,
    audit: createAuditLog(log, async () => createHashMac(await (await vault()).deriveKey('audit')), clock),
  };
}
