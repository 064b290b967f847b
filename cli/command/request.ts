import { SigError } from '../../src/errors.ts';
import { encodeBase64 } from '../../src/encoding/base64.ts';
import { decodeUtf8 } from '../../src/encoding/bytes.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import type { Body, WireResponse } from '../../src/ports.ts';
import { redirectTarget } from '../../src/sig/redirect.ts';
import type { Exchange } from '../../src/sig/sig.ts';
import type { HeaderPairs, RequestHead } from '../../src/target/head.ts';
import { authorityOf, originOf, parseUrl } from '../../src/target/target.ts';
import { printError, printJson } from '../io.ts';
import type { CommandInput, Context, Run } from './command.ts';

const FORMATS = ['body', 'json', 'headers'];
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Largest body of `--format json`, in bytes. */
const JSON_LIMIT = 256 * 1024 * 1024;
/** Largest `-d @file` that is looked at to see whether it is JSON, and held for a replay. In bytes. */
const HOLD_LIMIT = 8 * 1024 * 1024;

export const run: Run = async (input, context) => {
  const { options } = input;
  const format = options.value('format') ?? (context.io.json ? 'json' : 'body');
  if (!FORMATS.includes(format)) {
    throw new SigError('E_USAGE', `Unknown format "${format}"`, { hint: `use ${FORMATS.join(', ')}` });
  }
  const { head, body } = await readRequest(input, context);
  const sig = await context.sig();
  const exchange = await sig.request(head, body, {
    providers: options.value('provider')?.split(',').map((id) => id.trim()).filter((id) => id !== ''),
    follow: options.has('follow'),
    timeoutMs: readTimeout(options.value('timeout')),
  });
  await printResponse(exchange.response, format, options.value('output'), context);
  return await judge(exchange, context);
};

async function readRequest(
  { args, options }: CommandInput,
  context: Context,
): Promise<{ head: RequestHead; body: Body | null }> {
  const { target, path } = parseUrl(args[0]!);
  const text = options.value('body');
  const body = text === undefined ? null : await readBody(text, context);
  const method = (options.value('method') ?? (body === null ? 'GET' : 'POST')).toUpperCase();
  if (!TOKEN.test(method) || method === 'CONNECT' || method === 'TRACE') {
    throw new SigError('E_USAGE', `Cannot use method ${JSON.stringify(method)}`);
  }
  const own = options.values('header').map(readHeader);
  const has = (name: string) => own.some(([other]) => other.toLowerCase() === name);
  const headers: [string, string][] = [['Host', authorityOf(target)], ...own];
  if (!has('accept')) headers.push(['Accept', '*/*']);
  if (body !== null && !has('content-type')) headers.push(['Content-Type', contentTypeOf(body)]);
  if (Array.isArray(body)) headers.push(['Content-Length', String(body.reduce((sum, chunk) => sum + chunk.length, 0))]);
  return { head: { method, target, path, headers }, body };
}

/** `BODY`, `@file` or `@-`, as in curl. Small bodies are held so that they can be sent again after a renewal. */
async function readBody(text: string, context: Context): Promise<Body> {
  if (!text.startsWith('@')) return [new TextEncoder().encode(text)];
  const source = context.files.read(text.slice(1))[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  for (let next = await source.next(); !next.done; next = await source.next()) {
    held.push(next.value);
    size += next.value.length;
    if (size > HOLD_LIMIT) {
      return (async function* () {
        yield* held;
        for (let more = await source.next(); !more.done; more = await source.next()) yield more.value;
      })();
    }
  }
  return held;
}

function contentTypeOf(body: Body): string {
  if (Array.isArray(body)) {
    try {
      const whole = new Uint8Array(body.reduce((sum, chunk) => sum + chunk.length, 0));
      body.reduce((at, chunk) => (whole.set(chunk, at), at + chunk.length), 0);
      JSON.parse(decodeUtf8(whole));
      return 'application/json';
    } catch {
      // not JSON: what curl sends for -d
    }
  }
  return 'application/x-www-form-urlencoded';
}

function readHeader(text: string): [string, string] {
  const colon = text.indexOf(':');
  const name = text.slice(0, colon < 0 ? undefined : colon).trim();
  const value = colon < 0 ? '' : text.slice(colon + 1).trim();
  if (colon < 0 || !TOKEN.test(name)) {
    throw new SigError('E_USAGE', 'Cannot read a --header', { hint: 'write it as "Name: value"' });
  }
  // deno-lint-ignore no-control-regex
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new SigError('E_USAGE', `Header "${name}" has characters that cannot be sent`);
  }
  if (/^(?:host|content-length|transfer-encoding|connection)$/i.test(name)) {
    throw new SigError('E_USAGE', `Header "${name}" belongs to the connection and cannot be set`, {
      hint: name.toLowerCase() === 'host' ? 'the host is that of the URL' : undefined,
    });
  }
  return [name, value];
}

function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds <= 0 || seconds > 86_400) {
    throw new SigError('E_USAGE', `Cannot use timeout "${text}"`, { hint: 'give seconds, such as --timeout 10' });
  }
  return Math.ceil(seconds * 1000);
}

async function printResponse(
  response: WireResponse,
  format: string,
  output: string | undefined,
  context: Context,
): Promise<void> {
  const { io } = context;
  if (format === 'json') {
    await printJson(io, await toJson(response));
    return;
  }
  if (format === 'headers') {
    await io.stdout.write(`HTTP/1.1 ${response.status} ${response.reason}\r\n`);
    for (const [name, value] of response.headers) await io.stdout.write(`${name}: ${value}\r\n`);
    await response.body[Symbol.asyncIterator]().return?.();
    return;
  }
  if (output !== undefined) await context.files.write(output, response.body);
  else for await (const chunk of response.body) await io.stdout.write(chunk);
}

async function toJson(response: WireResponse): Promise<Record<string, unknown>> {
  const bytes = await readAll(response.body, JSON_LIMIT);
  if (bytes === undefined) {
    throw new SigError('E_UPSTREAM', 'The answer is too large for --format json', { hint: 'use -o FILE' });
  }
  const about = { status: response.status, statusText: response.reason, headers: foldHeaders(response.headers) };
  try {
    const text = decodeUtf8(bytes);
    const type = response.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
    return { ...about, body: /[/+]json\b/i.test(type) ? parseOr(text) : text };
  } catch {
    return { ...about, bodyBase64: encodeBase64(bytes) };
  }
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // says JSON and is not: the text is the best there is
  }
}

/** Names in lower case; an array where a header came more than once. */
function foldHeaders(pairs: HeaderPairs): Record<string, string | string[]> {
  const folded: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const before = folded[key];
    folded[key] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return folded;
}

/** The exit status of an answer, with one line that says why when it is not 0. */
async function judge(exchange: Exchange, context: Context): Promise<number> {
  const { status, reason } = exchange.response;
  const said = `Server answered ${status}${reason === '' ? '' : ` ${reason}`}`;
  const complain = async (error: SigError) => {
    // stdout holds the body already: the error goes to people only.
    await printError({ ...context.io, json: false }, error);
    return error.exitCode;
  };
  if (status === 401) {
    const provider = exchange.providers[0];
    return await complain(
      new SigError('E_LOGIN_REQUIRED', said, {
        hint: provider === undefined ? undefined : `log in again: sig login ${provider}`,
        provider,
      }),
    );
  }
  if (status >= 400) return await complain(new SigError('E_HTTP_STATUS', said));
  const next = redirectTarget(exchange);
  if (next === undefined) return 0;
  if (originOf(next) !== originOf(exchange.head.target)) {
    return await complain(
      new SigError('E_REDIRECT', `${said}, a redirect to ${originOf(next)}`, {
        hint: "follow it with --follow; the credential stays behind unless that host is the provider's own",
      }),
    );
  }
  if (!context.io.quiet) await context.io.stderr.write(`sig: ${said}, a redirect; follow it with --follow\n`);
  return 0;
}
