import { expect, onTestFinished, test } from 'vitest';
import { needCommands, runCommand, type RunningCommand } from '../../_lib/command.ts';
import { makeCanary } from '../../_lib/canary.ts';
import { useServer } from '../../_lib/lab.ts';
import { startSig } from '../../_lib/sig.ts';
import { tokenProvider, useWorld, type World } from '../../_lib/world.ts';
import type { TestServer } from '../../_lib/tls_server.ts';

async function setUp(): Promise<{ server: TestServer; world: World; token: string }> {
  const server = await useServer({ handler: (request) => ({ body: `hello ${request.header('authorization')}` }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  const token = makeCanary();
  await world.logIn('api', { token });
  return { server, world, token };
}

async function startProxy(world: World, server: TestServer, ...args: string[]): Promise<{ proxy: RunningCommand; port: number }> {
  const proxy = startSig(['proxy', ...args], { home: world.home, env: { SIG_EXTRA_CA: server.caFile } });
  onTestFinished(async () => {
    proxy.kill();
    await proxy.done;
  });
  const found = await proxy.waitFor(/http:\/\/127\.0\.0\.1:(\d+)/);
  return { proxy, port: Number(found[1]) };
}

test('proxy lets plain curl call an API with a token that curl never sees', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const { server, world, token } = await setUp();
  const { proxy, port } = await startProxy(world, server);
  const args = ['-sS', '--proxy', `http://127.0.0.1:${port}`, '--cacert', `${world.home}/proxy/ca.pem`];
  const result = await runCommand(curl!, [...args, `${server.origin}/me`]);
  expect(result).toMatchObject({ code: 0, stdout: 'hello [sig:redacted:api]' });
  expect(server.requests.at(-1)!.header('authorization')).toBe(`Bearer ${token}`);
  proxy.kill();
  expect((await proxy.done).code).toBe(143);
});
