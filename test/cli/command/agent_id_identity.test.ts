import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useAgentId } from '../../_lib/agent_id.ts';
import { findLeaks } from '../../_lib/canary.ts';
import { useFolder, useIssuer } from '../../_lib/lab.ts';
import { walk } from '../../_lib/walk.ts';

test('bootstrap prints the link and opens nothing; again it says that it was done', async () => {
  const { run, bootstrap, sso } = await useAgentId({ deepLink: 'alien://x?a=$(id)&b=`id`' });
  const first = await run([
    'bootstrap',
    '--sso-url',
    sso.origin,
    '--key-source',
    'file',
    '--poll-interval-ms',
    '10',
  ]);
  expect([first.code, JSON.parse(first.stdout)]).toMatchObject([0, {
    ok: true,
    ownerSub: 'owner-1',
    allowedOrigins: [],
  }]);
  expect(first.stderr).toContain('alien://x?a=$(id)&b=`id`');
  expect(await bootstrap()).toMatchObject({ alreadyBootstrapped: true, allowedOrigins: [sso.origin] });
}, 60_000);

test.each(['javascript:alert(1)', 'file:///etc/passwd', '--flag', 'alien:\u001b[2J', 'data:text/html,x'])(
  'B18: the link %j of a server is not even shown',
  async (deepLink) => {
    const { run, sso } = await useAgentId({ deepLink });
    const { code, stdout, stderr } = await run(['bootstrap', '--sso-url', sso.origin, '--key-source', 'file']);
    expect([code, JSON.parse(stdout).code, stderr]).toEqual([1, 'E_TOKEN_RESPONSE', '']);
  },
  60_000,
);

test.each(['authorization_code', 'device_code'])(
  'bootstrap --grant %s logs in at any server, and opens nothing',
  async (grant) => {
    const issuer = await useIssuer({ dpop: true, pushed: 'off' });
    const { start, json } = await useAgentId();
    const client = ['--issuer', issuer.issuer, '--client-id', issuer.nativeClientId, '--scope', 'openid read:data'];
    const running = start(['bootstrap', '--key-source', 'file', '--grant', grant, ...client]);
    const [, link] = await running.waitFor(/\n {2}(https:\S+)\n/);
    if (grant === 'device_code') await issuer.approveDevice((await running.waitFor(/Code: (\S+)/))[1]!);
    else expect((await walk(link!, { caPem: issuer.caPem })).status).toBe(200);
    const { code, stdout } = await running.done;
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true, ownerSub: 'person-1', issuer: issuer.issuer }]);
    expect(await json(['refresh'])).toMatchObject({ ok: true });
  },
  60_000,
);

test('bootstrap refuses another grant, and a redirect to somebody else', async () => {
  const { run } = await useAgentId();
  const client = ['bootstrap', '--issuer', 'https://as.example', '--client-id', 'c', '--key-source', 'file'];
  for (const more of [['--grant', 'implicit'], ['--redirect-uri', 'https://evil.example/callback']]) {
    const { code, stdout } = await run([...client, ...more]);
    expect([code, JSON.parse(stdout).ok]).toEqual([2, false]);
  }
}, 60_000);

test('status, refresh and logout', async () => {
  const { run, json, bootstrap, stateDir } = await useAgentId();
  expect(await json(['status'])).toEqual({
    ok: true,
    initialized: false,
    bound: false,
    nextStep: 'agent-id bootstrap',
    stateDir,
  });
  const missing = await run(['refresh']);
  expect([missing.code, JSON.parse(missing.stdout).code]).toEqual([4, 'E_LOGIN_REQUIRED']);
  await bootstrap();
  expect(await json(['status'])).toMatchObject({
    initialized: true,
    bound: true,
    canRefresh: true,
    keyKind: 'Ed25519',
  });
  expect(await json(['refresh'])).toMatchObject({ ok: true, ownerSessionSub: 'owner-1' });
  expect(await json(['logout'])).toMatchObject({ ok: true, revoked: true });
  expect(await json(['status'])).toMatchObject({ initialized: true, bound: false });
}, 60_000);

test('D10: key and tokens are sealed on disk', async () => {
  const { run, bootstrap, sso, stateDir } = await useAgentId();
  await bootstrap();
  const { stdout } = await run(['header', '--url', sso.origin, '--raw', '--allow-insecure']);
  const token = /DPoP (\S+)/.exec(stdout)![1]!;
  const files = ['agent/key.json', 'agent/session.json', 'logs/audit.jsonl'];
  const texts = await Promise.all(files.map((name) => readFile(join(stateDir, name), 'utf8').catch(() => '')));
  expect(texts[0]).not.toBe('');
  expect(findLeaks(token, { disk: texts.join('\n') })).toEqual([]);
  expect(texts.join('')).not.toMatch(/"d"\s*:/);
}, 60_000);

test('without a keychain bootstrap names --key-source, and makes nothing', async ({ skip }) => {
  const { run, sso } = await useAgentId();
  const { code, stdout } = await run(['bootstrap', '--sso-url', sso.origin], {
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' },
  });
  if (code === 0) skip('this machine has a keychain');
  expect([code, JSON.parse(stdout)]).toMatchObject([1, {
    code: 'E_KEY_SOURCE',
    hint: expect.stringContaining('--key-source file'),
  }]);
  expect(sso.log).toEqual([]);
}, 60_000);

test('a plaintext identity is taken over, sealed, and its files are named', async () => {
  const { sso, run, json, stateDir } = await useAgentId();
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await mkdir(join(stateDir, 'keys'), { recursive: true, mode: 0o700 });
  await writeFile(
    join(stateDir, 'keys/main.json'),
    JSON.stringify({ version: 1, agentId: 'main', privateKeyPem: pem }),
  );
  const args = ['bootstrap', '--import', '--sso-url', sso.origin, '--key-source', 'file', '--poll-interval-ms', '10'];
  const { code, stderr } = await run(args);
  expect(code).toBe(0);
  expect(stderr).toContain('still readable in');
  const { x } = privateKey.export({ format: 'jwk' });
  expect((await json(['status'])).jkt).toBeTypeOf('string');
  expect(await readFile(join(stateDir, 'keys/main.json'), 'utf8')).toContain('PRIVATE KEY');
  expect(await readFile(join(stateDir, 'agent/key.json'), 'utf8')).not.toContain(x!);
  expect((await run(args)).code).toBe(1);
}, 60_000);

test('--state-dir comes before AGENT_ID_STATE_DIR, which comes before ~/.agent-id', async () => {
  const { json, stateDir, run } = await useAgentId();
  const elsewhere = await useFolder();
  expect((await json(['status'])).stateDir).toBe(stateDir);
  expect((await json(['status', '--state-dir', elsewhere])).stateDir).toBe(elsewhere);
  const usual = JSON.parse((await run(['status'], { env: { AGENT_ID_STATE_DIR: '' } })).stdout);
  expect(usual.stateDir).toMatch(/\.agent-id$/);
}, 60_000);
