import { join } from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { type AlienSso, type AlienSwitches, startAlienSso } from './alien_sso.ts';
import { type CommandResult, runCommand, type RunningCommand, startCommand } from './command.ts';
import { useFolder } from './lab.ts';
import { IS_DENO, ROOT, sigCommand } from './sig.ts';
import type { TestServer } from './tls_server.ts';

/** The bin `agent-id` and the mock that it talks to. */
export interface AgentId {
  readonly sso: AlienSso;
  readonly server: TestServer;
  readonly stateDir: string;
  /** Runs the bin with the state folder in its environment. */
  run(args: readonly string[], options?: { env?: Record<string, string>; stdin?: string }): Promise<CommandResult>;
  /** Starts it and leaves it running. */
  start(args: readonly string[]): RunningCommand;
  /** The same, its stdout as JSON. */
  json(args: readonly string[]): Promise<Record<string, unknown>>;
  /** Makes an identity with a key file. */
  bootstrap(): Promise<Record<string, unknown>>;
}

/** Starts the mock; the identity comes with `bootstrap`. */
export async function useAgentId(switches: AlienSwitches = {}): Promise<AgentId> {
  const { sso, server } = await startAlienSso(switches);
  onTestFinished(server.close);
  const folder = await useFolder();
  const stateDir = join(folder, 'state');
  const [file, ...first] = sigCommand();
  const name = IS_DENO ? 'cli/agent_id_main.ts' : 'dist/bin/agent-id.cjs';
  const words = (args: readonly string[]) => [...first.slice(0, -1), join(ROOT, name), ...args];
  const common = {
    PATH: process.env.PATH!,
    HOME: folder,
    AGENT_ID_STATE_DIR: stateDir,
    SIG_EXTRA_CA: server.caFile,
    ...(process.env.DENO_DIR ? { DENO_DIR: process.env.DENO_DIR } : {}),
  };
  const run: AgentId['run'] = (args, { env = {}, stdin } = {}) =>
    runCommand(file, words(args), { env: { ...common, ...env }, ...(stdin === undefined ? {} : { stdin }) });
  const json: AgentId['json'] = async (args) => JSON.parse((await run(args)).stdout);
  return {
    sso,
    server,
    stateDir,
    run,
    start: (args) => startCommand(file, words(args), { env: common }),
    json,
    bootstrap: () =>
      json([
        'bootstrap',
        '--sso-url',
        sso.origin,
        '--key-source',
        'file',
        '--poll-interval-ms',
        '10',
        '--origin',
        sso.origin,
        '--allow-insecure',
      ]),
  };
}
