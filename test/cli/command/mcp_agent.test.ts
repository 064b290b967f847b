import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { dirname } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { useAgentId } from '../../_lib/agent_id.ts';
import { findLeaks } from '../../_lib/canary.ts';
import { sigCommand } from '../../_lib/sig.ts';
import { useWorld } from '../../_lib/world.ts';

interface Answer {
  readonly isError?: boolean;
  readonly structuredContent: Record<string, unknown>;
}

/** The official client of `sig mcp`, whose agent has an identity that the mock's service knows. */
async function setUp(flags: readonly string[] = ['--allow-insecure'], bootstraps = true) {
  const agent = await useAgentId({ opaqueTokens: true });
  if (bootstraps) await agent.bootstrap();
  const world = await useWorld();
  const [command, ...args] = sigCommand();
  const transport = new StdioClientTransport({
    command,
    args: [...args, 'mcp', '--state-dir', agent.stateDir, ...flags],
    env: {
      PATH: process.env.PATH!,
      HOME: dirname(world.home),
      SIG_HOME: world.home,
      SIG_EXTRA_CA: agent.server.caFile,
      DENO_DIR: process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno`,
    },
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  const answers: Answer[] = [];
  const call = async (name: string, input: Record<string, unknown>) => {
    const answer = await client.callTool({ name, arguments: input }) as unknown as Answer;
    answers.push(answer);
    return answer;
  };
  const refusal = async (input: Record<string, unknown>) => {
    const { isError, structuredContent } = await call('call', { url: agent.sso.origin, ...input });
    return [isError, (structuredContent['error'] as { code?: string } | undefined)?.code, structuredContent['outcome']];
  };
  const tokens = () => agent.server.bytes().toString().match(/(?:opaque|refresh)-[\w-]{36}/g) ?? [];
  return { ...agent, call, refusal, answers, tokens };
}

test('the official client sees what a service offers, and calls it as this agent', async () => {
  const { call, sso, answers, tokens } = await setUp();
  const offered = await call('capabilities', { url: sso.origin });
  expect(offered.structuredContent).toMatchObject({
    manifest: { service: { name: 'Notes' }, api: { operations: [{ name: 'whoami' }, {}, {}] } },
    needConfirmation: ['deleteNote'],
  });
  const added = await call('call', { url: sso.origin, operation: 'addNote', input: { text: 'hi' } });
  expect([added.isError, added.structuredContent]).toMatchObject([false, {
    status: 200,
    method: 'POST',
    body: { sent: '{"text":"hi"}' },
  }]);
  const raw = await call('call', { url: `${sso.origin}/api/v1/x`, method: 'PUT', body: '{}' });
  expect(raw.structuredContent).toMatchObject({ status: 200, method: 'PUT' });
  expect(sso.accepted.map(({ method }) => method)).toEqual(['POST', 'PUT']);
  expect(tokens().length).toBeGreaterThan(0);
  for (const token of tokens()) expect(findLeaks(token, { answers: JSON.stringify(answers) })).toEqual([]);
}, 60_000);

test('C13: what destroys something waits for the word of the user, however it is asked for', async () => {
  const { call, refusal, sso } = await setUp();
  const deleteNote = { operation: 'deleteNote', input: { id: 'n1' } };
  expect(await refusal(deleteNote)).toEqual([true, 'E_CONFIRM', 'needs-person']);
  expect(await refusal({ ...deleteNote, confirmDestructive: false })).toEqual([true, 'E_CONFIRM', 'needs-person']);
  expect(await refusal({ ...deleteNote, confirmDestructive: 'yes' })).toEqual([true, 'E_USAGE', 'failed']);
  const raw = { url: `${sso.origin}/api/v1/notes/n1`, method: 'delete' };
  expect(await refusal(raw)).toEqual([true, 'E_CONFIRM', 'needs-person']);
  expect(sso.accepted).toEqual([]);
  for (const input of [{ url: sso.origin, ...deleteNote }, raw]) {
    const { structuredContent } = await call('call', { ...input, confirmDestructive: true });
    expect(structuredContent).toMatchObject({ status: 200, method: 'DELETE' });
  }
  expect(sso.accepted.map(({ method }) => method)).toEqual(['DELETE', 'DELETE']);
}, 60_000);

test('a service that echoes the token does not give it to the model, in no coding', async () => {
  const { call, refusal, server, sso, answers, tokens } = await setUp();
  let coding: 'identity' | 'gzip' = 'identity';
  server.handle((request) => {
    const sent = `${request.header('authorization')} ${request.header('dpop')}`;
    const body = JSON.stringify({ sent, coded: btoa(sent), list: [sent] });
    const headers = { 'Content-Type': 'application/json', 'X-Echo': sent };
    return coding === 'gzip'
      ? { headers: { ...headers, 'Content-Encoding': 'gzip' }, body: gzipSync(body) }
      : { headers, body };
  });
  const echoed = await call('call', { url: `${sso.origin}/echo` });
  expect(JSON.stringify(echoed)).toContain('[sig:redacted:agent-id]');
  coding = 'gzip';
  expect(await refusal({ url: `${sso.origin}/echo` })).toEqual([true, 'E_CODING', 'failed']);
  expect(tokens().length).toBeGreaterThan(0);
  for (const token of tokens()) expect(findLeaks(token, { answers: JSON.stringify(answers) })).toEqual([]);
}, 60_000);

test('D11: no tool lets the identity go where no person let it, or makes one', async () => {
  const { refusal, call } = await setUp();
  const other = await useAgentId();
  await call('capabilities', { url: other.sso.origin });
  const before = other.server.requests.length;
  expect(await refusal({ url: `${other.sso.origin}/api/v1/x` })).toEqual([true, 'E_HOST_NOT_ALLOWED', 'needs-person']);
  expect(other.server.requests.length).toBe(before);
  const nobody = await setUp(undefined, false);
  expect(await nobody.refusal({})).toEqual([true, 'E_LOGIN_REQUIRED', 'needs-person']);
}, 60_000);

test('private addresses are refused unless whoever starts sig mcp allows them; no tool can', async () => {
  const { refusal, server } = await setUp([]);
  const before = server.requests.length;
  expect(await refusal({ operation: 'whoami' })).toEqual([true, 'E_PRIVATE_ADDRESS', 'denied']);
  expect(server.requests.length).toBe(before);
  for (const wrong of [{ input: [] }, { operation: 7 }, { url: 1 }, { operation: 'whoami', body: 'x' }]) {
    expect(await refusal(wrong)).toEqual([true, 'E_USAGE', 'failed']);
  }
  // Not an argument that it knows.
  expect((await refusal({ 'body-file': '/etc/passwd', method: 'POST' }))[0]).toBe(true);
}, 60_000);
