import { type Bytes, decodeUtf8 } from '../../src/encoding/bytes.ts';
import { encodeBase64 } from '../../src/encoding/base64.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { SigError } from '../../src/errors.ts';
import { createMatcher } from '../../src/redact/matcher.ts';
import { createNeedles, type SecretValue } from '../../src/redact/needles.ts';
import { redactFields } from '../../src/redact/redact_head.ts';
import { secretsOfCredential } from '../../src/sig/secrets.ts';
import { authorityOf, parseUrl } from '../../src/target/target.ts';
import type { Context, Run, Tool } from './command.ts';
import { run as explain } from './explain.ts';
import { createAgentTools } from './mcp_agent.ts';
import { run as status } from './status.ts';
import { capture, readText, requireText, type ToolInput } from './tool.ts';

/** Largest answer that goes to a model, in bytes. */
const BODY_LIMIT = 1024 * 1024;
const METHOD = /^[A-Z]{1,20}$/;
/** What belongs to the connection, or is `sig`'s to add. */
const RESERVED = /^(?:host|content-length|transfer-encoding|connection|authorization|proxy-.*|cookie)$/i;

export const run: Run = async ({ options }, context) => {
  await context.serveTools([...createTools(context), ...createAgentTools(options, context)]);
  return 0;
};

/**
 * The tools for the logins of the person. No result holds a secret: answers are redacted, and what is refused
 * is said with its code.
 */
export function createTools(context: Context): readonly Tool[] {
  const url = { type: 'string', description: 'https URL' } as const;
  const method = { type: 'string', description: 'HTTP method; default GET' } as const;
  return [
    {
      name: 'status',
      description: 'Which logins are there and how long they last',
      input: { type: 'object', properties: {}, additionalProperties: false },
      call: async () => ({ logins: await capture(status, [], {}, context) }),
    },
    {
      name: 'explain',
      description: 'Which provider a request belongs to, what would be added to it, and why; sends nothing',
      input: { type: 'object', properties: { url, method }, required: ['url'], additionalProperties: false },
      call: async (input) =>
        await capture(explain, [requireText(input, 'url')], { method: readText(input, 'method') }, context),
    },
    {
      name: 'request',
      description: 'Sends one HTTP request with the login of whoever it belongs to, and answers with the response',
      input: {
        type: 'object',
        properties: {
          url,
          method,
          headers: { type: 'object', additionalProperties: { type: 'string' } },
          body: { type: 'string' },
        },
        required: ['url'],
        additionalProperties: false,
      },
      call: async (input) => await request(input, context),
    },
  ];
}

async function request(input: ToolInput, context: Context): Promise<unknown> {
  const { target, path } = parseUrl(requireText(input, 'url'));
  const body = readText(input, 'body');
  const method = (readText(input, 'method') ?? (body === undefined ? 'GET' : 'POST')).toUpperCase();
  if (!METHOD.test(method) || method === 'CONNECT' || method === 'TRACE') {
    throw new SigError('E_USAGE', `Cannot use method ${JSON.stringify(method)}`);
  }
  const headers = [['Host', authorityOf(target)], ...readHeaders(input['headers'])] as [string, string][];
  const bytes = body === undefined ? undefined : new TextEncoder().encode(body);
  if (bytes) headers.push(['Content-Length', String(bytes.length)]);
  const credentials = await context.credentials();
  // All of them before, and again those that were used: one may have been renewed on the way.
  const secrets = await secretsOf((await context.providers()).all.map(({ id }) => id), context);
  const sig = await context.sig();
  const { response, providers } = await sig.request({ method, target, path, headers }, bytes ? [bytes] : null);
  for (const id of providers) {
    const credential = await credentials.open(id);
    if (credential) secrets.push(...secretsOfCredential(credential));
  }
  const matcher = createMatcher(createNeedles(secrets));
  const content = await readAll(response.body, BODY_LIMIT);
  if (content === undefined) {
    throw new SigError('E_UPSTREAM', 'The answer is too large for an agent', { hint: 'ask for less of it' });
  }
  return {
    status: response.status,
    headers: Object.fromEntries(
      redactFields(matcher, response.headers.filter(([name]) => name.toLowerCase() !== 'set-cookie')),
    ),
    ...bodyOf(matcher.redact(content) as Bytes),
    providers,
  };
}

async function secretsOf(ids: readonly string[], context: Context): Promise<SecretValue[]> {
  const credentials = await context.credentials();
  // A record that cannot be read is one that cannot be sent either.
  const opened = await Promise.all(ids.map(async (id) => await credentials.open(id).catch(() => undefined)));
  return opened.flatMap((credential) => credential ? secretsOfCredential(credential) : []);
}

function readHeaders(value: unknown): [string, string][] {
  const headers: [string, string][] = [];
  for (const [name, text] of Object.entries(value ?? {})) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || RESERVED.test(name)) {
      throw new SigError('E_USAGE', `Header ${JSON.stringify(name)} cannot be set`);
    }
    if (typeof text !== 'string' || !/^[\t\x20-\x7e]*$/.test(text)) {
      throw new SigError('E_USAGE', `Header "${name}" has characters that cannot be sent`);
    }
    headers.push([name, text]);
  }
  return headers;
}

function bodyOf(bytes: Bytes): { body: string } | { bodyBase64: string } {
  try {
    return { body: decodeUtf8(bytes) };
  } catch {
    return { bodyBase64: encodeBase64(bytes) }; // not text
  }
}
