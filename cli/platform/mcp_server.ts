// Deno does not read `typesVersions`, by which this package names its types.
// @ts-types="../../node_modules/@modelcontextprotocol/sdk/dist/esm/server/index.d.ts"
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
// @ts-types="../../node_modules/@modelcontextprotocol/sdk/dist/esm/server/stdio.d.ts"
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
// @ts-types="../../node_modules/@modelcontextprotocol/sdk/dist/esm/types.d.ts"
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { isSigError, type SigErrorCode } from '../../src/errors.ts';
import type { Tool } from '../command/command.ts';
import { VERSION } from './version.ts';

/**
 * Serves tools over the Model Context Protocol until the client closes its end.
 *
 * @param input where messages come from; default stdin
 */
export async function serveTools(
  tools: readonly Tool[],
  input: Readable = process.stdin,
  output: Writable = process.stdout,
): Promise<void> {
  const server = new Server({ name: 'sig', version: VERSION }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, input }) => ({ name, description, inputSchema: input })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (!tool) {
      return toResult({ error: { code: 'E_USAGE', message: `No tool "${params.name}"` }, outcome: 'failed' }, true);
    }
    try {
      return toResult(await tool.call(params.arguments ?? {}), false);
    } catch (error) {
      // Anything else may quote what it failed on.
      const about = isSigError(error) ? error.toJSON() : { code: 'E_INTERNAL', message: 'A defect of sig itself' };
      return toResult({ error: about, outcome: outcomeOf(error) }, true);
    }
  });
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
    input.once('end', () => void server.close());
    input.once('close', () => void server.close());
  });
  await server.connect(new StdioServerTransport(input, output));
  await closed;
}

/** What a person can still allow, and it has not. */
const FOR_A_PERSON: readonly SigErrorCode[] = [
  'E_CONFIRM',
  'E_HOST_NOT_ALLOWED',
  'E_POLICY_CHANGED',
  'E_AGENT_REFUSED',
];

/** How a call ended that brought nothing: whether to ask the user, to stop, or to look at what went wrong. */
function outcomeOf(error: unknown): 'needs-person' | 'denied' | 'failed' {
  if (!isSigError(error)) return 'failed';
  if (error.exitCode === 4 || FOR_A_PERSON.includes(error.code)) return 'needs-person';
  return error.exitCode === 5 ? 'denied' : 'failed';
}

function toResult(value: unknown, isError: boolean) {
  return {
    content: [{ type: 'text' as const, text: JSON.stringify(value) }],
    structuredContent: value as Record<string, unknown>,
    isError,
  };
}
