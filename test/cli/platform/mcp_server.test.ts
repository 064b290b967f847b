import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Tool } from '../../../cli/command/command.ts';
import { serveTools } from '../../../cli/platform/mcp_server.ts';
import { SigError } from '../../../src/errors.ts';

function tool(call: Tool['call']): Tool {
  return { name: 'it', description: 'It', input: { type: 'object' }, call };
}

/** Calls a tool through the official client, over two streams. */
async function ask(call: Tool['call'], name = 'it'): Promise<unknown> {
  const [input, output, buffer] = [new PassThrough(), new PassThrough(), new ReadBuffer()];
  const served = serveTools([tool(call)], input, output);
  const transport: Transport = {
    start: () => Promise.resolve(),
    send: (message) => Promise.resolve(void input.write(serializeMessage(message))),
    close: () => Promise.resolve(void input.end()),
  };
  output.on('data', (chunk) => {
    buffer.append(chunk);
    for (let message = buffer.readMessage(); message; message = buffer.readMessage()) transport.onmessage?.(message);
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  const result = await client.callTool({ name, arguments: { a: 1 } });
  await client.close();
  await served;
  return result;
}

test('serveTools() hands arguments over and results back, and ends with its input', async () => {
  expect(await ask((input) => Promise.resolve({ got: input }))).toMatchObject({
    isError: false,
    structuredContent: { got: { a: 1 } },
  });
});

test('serveTools() answers a refusal with its code and a defect without its text', async () => {
  expect(await ask(() => Promise.reject(new SigError('E_NOT_ALLOWED', 'No')))).toMatchObject({
    isError: true,
    structuredContent: { error: { code: 'E_NOT_ALLOWED', message: 'No' } },
  });
  const defect = await ask(() => Promise.reject(new Error('hunter2')));
  expect(defect).toMatchObject({ structuredContent: { error: { code: 'E_INTERNAL' } } });
  expect(JSON.stringify(defect)).not.toContain('hunter2');
  expect(await ask(() => Promise.resolve({}), 'other')).toMatchObject({ isError: true });
});

test.each(
  [
    ['E_LOGIN_REQUIRED', 'needs-person'],
    ['E_MISSING_VALUE', 'needs-person'],
    ['E_CONFIRM', 'needs-person'],
    ['E_POLICY_CHANGED', 'needs-person'],
    ['E_NOT_ALLOWED', 'denied'],
    ['E_PLAINTEXT', 'denied'],
    ['E_UPSTREAM', 'failed'],
    ['E_USAGE', 'failed'],
  ] as const,
)('serveTools() answers %s as one that is %s', async (code, outcome) => {
  expect(await ask(() => Promise.reject(new SigError(code, 'No')))).toMatchObject({
    isError: true,
    structuredContent: { error: { code }, outcome },
  });
});
