import { expect, test } from 'vitest';
import { useAgentId } from '../../_lib/agent_id.ts';
import { useHome } from '../../_lib/lab.ts';
import { runSig } from '../../_lib/sig.ts';

test('pattern 12: discover, capabilities, call, header and support, as the bin and as `sig agent-id`', async () => {
  const { sso, server, stateDir, run, json, bootstrap } = await useAgentId();
  expect(await bootstrap()).toMatchObject({ ok: true, ownerSub: 'owner-1', stateDir });
  const local = ['--url', sso.origin, '--allow-insecure'];

  expect(await json(['discover', ...local])).toMatchObject({
    ok: true,
    manifestUrl: `${sso.origin}/.well-known/alien-agent-id.json`,
    allowedHost: `localhost:${server.port}`,
    manifest: { version: 2, service: { name: 'Notes' } },
  });
  expect((await run(['capabilities', ...local])).stdout).toContain('## whoami');
  expect(await json(['support', ...local])).toEqual({ ok: true, supported: true, version: 'v1' });

  const url = `${sso.origin}/api/v1/whoami`;
  expect(await json(['call', '--url', url, '--allow-insecure'])).toMatchObject({
    ok: true,
    status: 200,
    method: 'GET',
    url,
    contentType: 'application/json',
    body: { sub: 'owner-1' },
    truncated: false,
    attempts: 1,
    nonceRetry: false,
  });
  const posted = await run(['call', '--url', url, '--method', 'post', '--body-file', '-', '--allow-insecure'], {
    stdin: '{"a":1}',
  });
  expect(JSON.parse(posted.stdout)).toMatchObject({ method: 'POST', body: { sent: '{"a":1}' } });

  const raw = await run(['header', '--url', url, '--method', 'GET', '--raw', '--allow-insecure']);
  expect(raw.stdout).toMatch(/^Authorization: DPoP \S+\nDPoP: \S+\n$/);

  const home = await useHome();
  const prefixed = await runSig(['agent-id', 'call', '--state-dir', stateDir, '--url', url, '--allow-insecure'], {
    home,
    env: { SIG_EXTRA_CA: server.caFile },
  });
  expect([prefixed.code, JSON.parse(prefixed.stdout).status]).toEqual([0, 200]);
}, 60_000);

test('no command, or "help", prints the verbs on stderr; an unknown one is JSON with a suggestion', async () => {
  const { run } = await useAgentId();
  for (const args of [[], ['help']]) {
    expect(await run(args)).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('capabilities') });
  }
  const { code, stdout } = await run(['dscover']);
  expect([code, JSON.parse(stdout)]).toEqual([2, {
    ok: false,
    error: 'Unknown agent-id command "dscover"',
    code: 'E_USAGE',
    hint: 'did you mean "agent-id discover"?',
  }]);
  const unknown = await run(['call', '--nope']);
  expect([unknown.code, JSON.parse(unknown.stdout)]).toMatchObject([2, { ok: false, code: 'E_USAGE' }]);
}, 60_000);
