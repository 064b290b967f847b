import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import process from 'node:process';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findLeaks, makeCanary } from '../../_lib/canary.ts';
import { useServer } from '../../_lib/lab.ts';
import { sigCommand } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

interface Answer {
  readonly isError?: boolean;
  readonly structuredContent: Record<string, unknown>;
}

async function setUp() {
  const token = makeCanary();
  const server = await useServer({
    handler: (request) => ({
      body: `you sent ${request.header('authorization')}`,
      headers: [['X-Echo', `${request.header('authorization')}`], ['Set-Cookie', 'a=b'], ['X-Plain', 'yes']],
    }),
  });
  const authority = `localhost:${server.port}`;
  const allow = '    allow: [GET /**]\n';
  const world = await useWorld(`providers:\n${tokenProvider('api', authority)}${allow}`);
  await world.logIn('api', { token });
  const [command, ...args] = sigCommand();
  const deno = process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno`;
  const transport = new StdioClientTransport({
    command,
    args: [...args, 'mcp'],
    env: {
      PATH: process.env.PATH!,
      HOME: dirname(world.home),
      SIG_HOME: world.home,
      SIG_EXTRA_CA: server.caFile,
      DENO_DIR: deno,
    },
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  const call = async (name: string, input: Record<string, unknown> = {}) =>
    await client.callTool({ name, arguments: input }) as unknown as Answer;
  return { client, call, token, server, url: (path = '/') => `https://${authority}${path}` };
}

test('sig mcp gives the official client status, explain and request', async () => {
  const { client, call, url, server, token } = await setUp();
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
    'status',
    'explain',
    'request',
    'capabilities',
    'call',
  ]);
  const status = await call('status');
  expect(status.structuredContent).toMatchObject({ logins: [{ id: 'api', valid: true }] });
  const explained = await call('explain', { url: url('/x') });
  expect(explained.structuredContent).toMatchObject({ decision: 'inject', provider: 'api' });
  const answer = await call('request', { url: url('/x'), headers: { accept: 'text/plain' } });
  expect(answer.structuredContent).toMatchObject({ status: 200, providers: ['api'] });
  expect(server.requests[0]!.header('authorization')).toBe(`Bearer ${token}`);
  // What the server gives back of the login does not reach the agent.
  expect(answer.structuredContent['body']).toBe('you sent [sig:redacted:api]');
  expect(findLeaks(token, { answers: JSON.stringify([status, explained, answer]) })).toEqual([]);
  expect(answer.structuredContent['headers']).toMatchObject({ 'X-Plain': 'yes' });
  expect(JSON.stringify(answer)).not.toContain('a=b');
});

test('sig mcp answers a refusal with its code, and nothing is sent', async () => {
  const { call, url, server } = await setUp();
  const codes = async (input: Record<string, unknown>) => {
    const { isError, structuredContent } = await call('request', input);
    return [isError, (structuredContent['error'] as { code: string }).code];
  };
  expect(await codes({ url: url('/x'), method: 'POST', body: '{}' })).toEqual([true, 'E_NOT_ALLOWED']);
  expect(await codes({ url: 'https://other.example/' })).toEqual([true, 'E_NO_PROVIDER']);
  expect(await codes({ url: 'no url' })).toEqual([true, 'E_TARGET']);
  expect(await codes({})).toEqual([true, 'E_USAGE']);
  expect(await codes({ url: url(), method: 'CONNECT' })).toEqual([true, 'E_USAGE']);
  expect(await codes({ url: url(), headers: { Authorization: 'Bearer mine' } })).toEqual([true, 'E_USAGE']);
  expect(await codes({ url: url(), headers: { 'X-A': 'a\r\nX-B: b' } })).toEqual([true, 'E_USAGE']);
  expect((await call('get', { provider: 'api' })).isError).toBe(true);
  expect(server.requests).toHaveLength(0);
});

test('sig mcp says whether the user, nobody or something else can help', async () => {
  const { call, url } = await setUp();
  const outcome = async (input: Record<string, unknown>) => (await call('request', input)).structuredContent['outcome'];
  expect(await outcome({ url: url('/x'), method: 'POST' })).toBe('denied');
  expect(await outcome({ url: 'https://other.example/' })).toBe('failed');
});

test('sig mcp reads no file for a body', async () => {
  const { call, url, server } = await setUp();
  await call('request', { url: url(), method: 'GET', body: '@/etc/passwd' });
  expect(server.requests[0]!.body.toString()).toBe('@/etc/passwd');
});
