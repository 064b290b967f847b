import { type Agent, createAgent } from '../../src/agent_id/agent.ts';
import type { AgentPorts } from '../../src/agent_id/transport.ts';
import { isSigError, SigError } from '../../src/errors.ts';
import type { AgentState, Context, ParsedOptions } from './command.ts';

/** The state folder that the options name, else the environment, else the usual one. */
export async function stateOf(options: ParsedOptions, context: Context): Promise<AgentState> {
  return await context.agentState(options.value('state-dir'));
}

/** The world for agent identities. */
export async function agentPorts(context: Context): Promise<AgentPorts> {
  return { send: await context.send(), timer: await context.timer(), clock: context.clock };
}

/**
 * Opens the identity in a state folder.
 *
 * @throws {SigError} E_LOGIN_REQUIRED when nothing was made there yet
 */
export async function openAgent(state: AgentState, context: Context): Promise<Agent> {
  try {
    return createAgent(await state.vault(), await agentPorts(context));
  } catch (cause) {
    if (!isSigError(cause, 'E_NOT_INITIALISED')) throw cause;
    throw new SigError('E_LOGIN_REQUIRED', `There is no agent identity in "${state.dir}"`, {
      hint: 'make one with: agent-id bootstrap',
      cause,
    });
  }
}

/**
 * A number of an option, within bounds.
 *
 * @throws {SigError} E_USAGE
 */
export function numberOf(options: ParsedOptions, name: string, min: number, max: number): number | undefined {
  const text = options.value(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw new SigError('E_USAGE', `Cannot use --${name} ${JSON.stringify(text.slice(0, 40))}`, {
    hint: `give a whole number from ${min} to ${max}`,
  });
}
