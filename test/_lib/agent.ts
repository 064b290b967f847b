import { type Agent, type BootstrapRequest, createAgent } from '../../src/agent_id/agent.ts';
import type { AgentPorts } from '../../src/agent_id/transport.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { type AlienSso, type AlienSwitches, createAlienSso, sendTo } from './alien_sso.ts';
import { fixedClock, memoryVault, NOW_MS } from './fixture.ts';
import { quickTimer } from './timer.ts';

/** An agent, the mock it talks to, and the time of both. */
export interface AgentWorld {
  readonly agent: Agent;
  readonly sso: AlienSso;
  readonly ports: AgentPorts;
  readonly vault: Vault;
  readonly clock: ReturnType<typeof fixedClock>;
  /** Links that a person was shown. */
  readonly shown: (string | undefined)[][];
  /** How long was waited, in milliseconds. */
  readonly waits: number[];
  readonly alien: BootstrapRequest;
  readonly device: BootstrapRequest;
}

/** Makes an agent in memory, and `https://sso.example` for it. Waiting takes no time but moves the clock. */
export async function makeAgentWorld(switches: AlienSwitches = {}): Promise<AgentWorld> {
  const clock = fixedClock(NOW_MS);
  const origin = 'https://sso.example';
  const sso = await createAlienSso(origin, switches, clock.now);
  const waits: number[] = [];
  const timer = quickTimer((ms) => {
    waits.push(ms);
    clock.advance(ms);
  });
  const ports: AgentPorts = { send: sendTo(sso), timer, clock };
  const vault = memoryVault();
  const shown: (string | undefined)[][] = [];
  const show = (...what: (string | undefined)[]) => {
    shown.push(what);
    return Promise.resolve();
  };
  const { clientId } = sso;
  return {
    agent: createAgent(vault, ports),
    sso,
    ports,
    vault,
    clock,
    shown,
    waits,
    alien: { profile: 'alien', ssoUrl: origin, clientId, show },
    device: { profile: 'standard', issuer: origin, clientId, scope: 'openid', show },
  };
}
