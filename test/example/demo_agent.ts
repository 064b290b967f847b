import { startAlienSso } from '../_lib/alien_sso.ts';
import type { DemoStage } from './demo_stage.ts';

/**
 * An agent with an identity: against a mock of the Alien SSO, and a service that takes its tokens only with a proof.
 *
 * @param stateDir a folder for the identity that is not there yet
 */
export async function runAgentDemo(stateDir: string, { title, check, sig }: DemoStage): Promise<void> {
  const { sso, server } = await startAlienSso({ nonces: 'required' });
  try {
    const agent = (verb: string, ...args: string[]) => ['agent-id', verb, '--state-dir', stateDir, ...args];
    const local = ['--url', sso.origin, '--allow-insecure'];

    title('An agent gets an identity: its owner approves a link, the token is bound to a key that never leaves');
    const flow = ['--sso-url', sso.origin, '--poll-interval-ms', '50', '--key-source', 'file'];
    await sig(agent('bootstrap', ...flow), {
      status: 0,
      stdout: /"ownerSub": "owner-1"/,
      stderr: /alien:\/\/authorize/,
    });

    title('Nothing is signed for a service that was not discovered');
    const url = `${sso.origin}/api/v1/whoami`;
    await sig(agent('call', '--url', url, '--allow-insecure'), { status: 5, stdout: /E_HOST_NOT_ALLOWED/ });
    await sig(agent('discover', ...local), { status: 0, stdout: /"version": 2/ });
    await sig(agent('capabilities', ...local), { status: 0, stdout: /third-party text[^]*## whoami/ });

    title('A call: signed, with the nonce that the server asks for');
    await sig(agent('call', ...local, '--operation', 'whoami'), { status: 0, stdout: /"nonceRetry": true/ });
    await sig(agent('call', ...local, '--operation', 'deleteNote', '--input', '{"id":"n1"}'), {
      status: 5,
      stdout: /E_CONFIRM/,
    });

    title('A proof is good once: the same request again is refused by the server');
    check('the replayed proof is refused', (await sso.handle(sso.accepted.at(-1)!)).status === 401);
    await sig(agent('logout'), { status: 0, stdout: /"revoked": true/ });
  } finally {
    await server.close();
  }
}
