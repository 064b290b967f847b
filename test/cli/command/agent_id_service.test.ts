import { expect, test } from 'vitest';
import { useAgentId } from '../../_lib/agent_id.ts';
import { useServer } from '../../_lib/lab.ts';

test('D11: nothing is signed for an origin that was not discovered, and no byte leaves', async () => {
  const { run, bootstrap, server } = await useAgentId();
  await bootstrap();
  const other = await useServer();
  for (const verb of ['call', 'header']) {
    const { code, stdout } = await run([verb, '--url', `${other.origin}/x`, '--allow-insecure']);
    expect([code, JSON.parse(stdout)]).toMatchObject([5, {
      ok: false,
      code: 'E_HOST_NOT_ALLOWED',
      hint: expect.stringContaining('agent-id discover'),
    }]);
  }
  expect(other.connections).toBe(0);
  expect(server.requests.length).toBeGreaterThan(0);
}, 60_000);

test('C13: an operation is called by name; a destructive one needs a confirmation', async () => {
  const { sso, run, json, bootstrap } = await useAgentId();
  await bootstrap();
  const base = ['call', '--url', sso.origin, '--allow-insecure', '--operation'];
  expect(await json([...base, 'addNote', '--input', '{"text":"hi"}'])).toMatchObject({
    method: 'POST',
    status: 200,
    body: { path: '/api/v1/notes', sent: '{"text":"hi"}' },
  });
  const refused = await run([...base, 'deleteNote', '--input', '{"id":"n1"}']);
  expect([refused.code, JSON.parse(refused.stdout).code]).toEqual([5, 'E_CONFIRM']);
  expect(await json([...base, 'deleteNote', '--input', '{"id":"n1"}', '--confirm-destructive'])).toMatchObject({
    method: 'DELETE',
    status: 200,
  });
  for (const wrong of [['--input', '{"x":1}'], ['--input', '[]'], ['--method', 'GET']]) {
    expect((await run([...base, 'addNote', ...wrong])).code).toBe(2);
  }
}, 60_000);

test('an HTTP error is an answer, and a failure only with --fail', async () => {
  const { sso, run, bootstrap } = await useAgentId({ opaqueTokens: true });
  await bootstrap();
  const args = ['call', '--url', `${sso.origin}/nowhere`, '--allow-insecure'];
  const { code, stdout } = await run(args);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: false, status: 404 }]);
  expect((await run([...args, '--fail'])).code).toBe(1);
}, 60_000);

test('C9, C11, C12: a manifest that breaks a rule is refused by place, without raw control characters', async () => {
  const { sso, run } = await useAgentId();
  const discover = async (manifest: unknown) => {
    sso.switches.manifest = manifest;
    return await run(['discover', '--url', sso.origin, '--allow-insecure']);
  };
  for (
    const [manifest, error] of [
      ['{"version":9}', /version/],
      ['x'.repeat(9000), /more than 8192 bytes/],
      [{ version: 1, auth: { header: 'A' }, api: { base: 'https://evil.example' } }, /authority/],
      ['{"\u001b[2J\u202e":1}', /JSON|unknown key/],
    ] as const
  ) {
    const { code, stdout } = await discover(manifest);
    expect([code, JSON.parse(stdout)]).toMatchObject([1, {
      ok: false,
      code: 'E_MANIFEST',
      error: expect.stringMatching(error),
    }]);
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
  }
}, 60_000);

test('C12: without --allow-insecure nothing private is asked', async () => {
  const { sso, server, run } = await useAgentId();
  const { code, stdout } = await run(['discover', '--url', sso.origin]);
  expect([code, JSON.parse(stdout).code]).toEqual([5, 'E_PRIVATE_ADDRESS']);
  expect(server.connections).toBe(0);
}, 60_000);

test('C11: --timeout-ms counts the whole answer', async () => {
  const { server, sso, run } = await useAgentId();
  server.handle((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
  });
  const { code, stdout } = await run(['discover', '--url', sso.origin, '--allow-insecure', '--timeout-ms', '300']);
  expect([code, JSON.parse(stdout).code]).toEqual([6, 'E_TIMEOUT']);
}, 60_000);

test('D5: a redirect is an answer; token and proof do not follow it', async () => {
  const { server, sso, json, bootstrap } = await useAgentId();
  await bootstrap();
  const other = await useServer();
  const before = server.requests.length;
  server.handle(() => ({ status: 302, headers: { Location: `${other.origin}/x` }, body: '' }));
  expect(await json(['call', '--url', `${sso.origin}/a`, '--allow-insecure'])).toMatchObject({
    ok: false,
    status: 302,
  });
  expect([server.requests.length - before, other.connections]).toEqual([1, 0]);
}, 60_000);
