/**
 * What every form of `sig` does. The cases run in this order, in one home: the first ones make it
 * and log in, the last one logs out.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import { VERSION } from '../../cli/platform/version.ts';
import { findLeaks } from '../_lib/canary.ts';
import { findCommand } from '../_lib/command.ts';
import { converse, isWholeResponse } from '../_lib/proxy.ts';
import { handshake } from '../_lib/web_socket.ts';
import { CLIENT_SECRET, type FormWorld } from './forms_lab.ts';

/** One case. */
export type FormCase = (world: FormWorld, skip: (note?: string) => never) => Promise<void>;

/** All cases, by what they show. */
export const FORM_CASES: Readonly<Record<string, FormCase>> = {
  'says which version it is, and what it can do': async ({ sig }) => {
    expect(await sig(['--version'])).toMatchObject({ code: 0, stdout: `sig ${VERSION}\n`, stderr: '' });
    expect(await sig(['login', '--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--strategy') });
  },

  'says how it is upgraded, and asks nobody': async ({ sig, form }) => {
    const { code, stdout } = await sig(['upgrade', '--json']);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { current: VERSION, form: form.installForm }]);
  },

  'makes its home': async ({ sig }) => {
    expect(await sig(['init', '--yes', '--key-source', 'file'])).toMatchObject({ code: 0, stdout: '' });
    expect(await sig(['status', '--json'])).toMatchObject({ code: 0 });
  },

  'refuses to ask a person where no terminal is': async ({ sig }) => {
    const { code, stdout, stderr } = await sig(['login', 'https://never.example', '--strategy', 'prompt']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^sig: error: .*terminal/m);
  },

  'logs in with client credentials, and says nothing of them': async ({ sig, lab, authority }) => {
    const origin = `https://${authority}`;
    const flags = ['--token-url', `${origin}/oauth/token`, '--client-id', 'form-client', '--client-secret-stdin'];
    const login = ['login', origin, '--as', 'api', '--strategy', 'oauth2', ...flags];
    const wrong = await sig(login, 'another-secret\n');
    expect(wrong.code).toBe(1);
    const done = await sig(login, `${CLIENT_SECRET}\n`);
    expect(done).toMatchObject({ code: 0, stdout: '' });
    const shown = { wrong: wrong.stdout + wrong.stderr, done: done.stdout + done.stderr };
    for (const secret of [CLIENT_SECRET, lab.tokens.at(-1)!]) expect(findLeaks(secret, shown)).toEqual([]);
  },

  'status exits with what it found': async ({ sig }) => {
    expect(await sig(['status', 'api'])).toMatchObject({ code: 0 });
    expect(await sig(['status', 'nobody'])).toMatchObject({ code: 3 });
  },

  'request gives the body byte for byte, JSON as JSON, and a status': async ({ sig, lab, authority, seen }) => {
    const { code, stdoutBytes, stderr } = await sig(['request', `https://${authority}/bytes`]);
    expect([code, stderr, stdoutBytes.equals(lab.bytes)]).toEqual([0, '', true]);
    expect(seen('/bytes')[0]!.header('authorization')).toBe(`Bearer ${lab.tokens.at(-1)}`);
    const json = await sig(['request', `https://${authority}/json`]);
    expect(JSON.parse(json.stdout)).toEqual({ name: 'Ada', tags: ['\u{1f511}', '</script>'] });
    expect(await sig(['request', `https://${authority}/missing`])).toMatchObject({ code: 1, stdout: 'nothing here' });
    expect(await sig(['request', 'https://other.example/'])).toMatchObject({ code: 3, stdout: '' });
  },

  'request answers a 401 with one new token and one replay': async ({ sig, lab, authority, seen }) => {
    const before = [lab.tokens.length, seen('/replay').length];
    lab.revoke();
    expect(await sig(['request', `https://${authority}/replay`])).toMatchObject({ code: 0, stdout: 'ok', stderr: '' });
    expect([lab.tokens.length, seen('/replay').length]).toEqual([before[0]! + 1, before[1]! + 2]);
  },

  'request says that an answer broke off': async ({ sig, authority }) => {
    const { code, stderr } = await sig(['request', `https://${authority}/cut`]);
    expect([code, stderr]).toEqual([6, expect.stringMatching(/^sig: error: /)]);
  },

  'serves an agent, until it goes away': async ({ start, authority, lab }) => {
    const running = start(['mcp']);
    const say = (message: Record<string, unknown>) =>
      running.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const clientInfo = { name: 'test', version: '1' };
    say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } });
    await running.waitFor(/"id":1\b/);
    say({ method: 'notifications/initialized' });
    say({ id: 2, method: 'tools/call', params: { name: 'request', arguments: { url: `https://${authority}/echo` } } });
    await running.waitFor(/"id":2\b/);
    running.end();
    const { code, stdout, stderr } = await running.done;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('[sig:redacted:api]');
    expect(findLeaks(lab.tokens.at(-1)!, { stdout })).toEqual([]);
  },

  'run gives curl a login, also by placeholder, and hides it again': async ({ sig, lab, authority, seen }, skip) => {
    const curl = findCommand('curl') ?? skip('curl is not installed');
    const script = `${curl} -sS https://${authority}/echo && ` +
      `${curl} -sS -H "X-Own: $SIG_API_ACCESS_TOKEN" https://${authority}/own && echo " $SIG_API_ACCESS_TOKEN"`;
    const { code, stdout, stderr } = await sig(['run', 'api', '--', '/bin/sh', '-c', script]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^.*\[sig:redacted:api\]ok sig_placeholder_[\w-]{22}\n$/);
    expect(seen('/own')[0]!.header('x-own')).toBe(lab.tokens.at(-1));
    expect(findLeaks(lab.tokens.at(-1)!, { stdout, stderr })).toEqual([]);
  },

  'run ends as its child does': async ({ sig }) => {
    expect((await sig(['run', 'api', '--', '/bin/sh', '-c', 'exit 42'])).code).toBe(42);
    expect((await sig(['run', 'api', '--', '/bin/sh', '-c', 'kill -9 $$'])).code).toBe(137);
  },

  'run passes SIGTERM on': async ({ start }) => {
    const running = start(['run', 'api', '--', '/bin/sh', '-c', 'echo ready; exec /bin/sleep 30']);
    await running.waitFor(/ready/);
    running.kill('SIGTERM');
    expect((await running.done).code).toBe(143);
  },

  'a reader that goes away is no failure': async ({ form, env, home, authority }) => {
    const [file, ...first] = form.command;
    const child = spawn(file, [...first, 'request', `https://${authority}/big`], { env, cwd: dirname(home) });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => stderr += chunk);
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code, signal] = await ended;
    expect([code, signal, stderr]).toEqual([0, null, '']);
  },

  'proxy: keeps connections on both sides': async ({ tunnel, authority, seen, lab }) => {
    const socket = await tunnel('localhost');
    for (const i of [0, 1, 2]) {
      const answer = await converse(socket, `GET /kept HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      expect([i, answer]).toEqual([i, expect.stringMatching(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/)]);
    }
    socket.destroy();
    expect(new Set(seen('/kept').map(({ connection }) => connection)).size).toBe(1);
    expect(seen('/kept')[2]!.header('authorization')).toBe(`Bearer ${lab.tokens.at(-1)}`);
  },

  'proxy: takes a client without SNI': async ({ tunnel, authority }) => {
    const socket = await tunnel();
    expect(await converse(socket, `GET /x HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)).toMatch(/\r\n\r\nok$/);
    socket.destroy();
  },

  'proxy: chunks come through, and a secret that is split over them does not': async ({ request, lab }) => {
    expect(bodyOf(await request('/chunked'))).toBe('one two three');
    const split = await request('/split');
    expect(bodyOf(split)).toMatch(/^you sent .*\[sig:redacted:api\]\.$/);
    expect(findLeaks(lab.tokens.at(-1)!, { split })).toEqual([]);
  },

  'proxy: answers without a body end where they should': async ({ tunnel, authority }) => {
    const socket = await tunnel('localhost');
    const ask = (method: string, path: string, until?: RegExp) =>
      converse(socket, `${method} ${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, until);
    const head = await ask('HEAD', '/head', /\r\n\r\n/);
    expect(head).toMatch(/\r\ncontent-length: 7\r\n/i);
    expect(bodyOf(head)).toBe('');
    expect(await ask('GET', '/empty')).toMatch(/^HTTP\/1\.1 204 [^]*\r\n\r\n$/);
    expect(await ask('GET', '/same')).toMatch(/^HTTP\/1\.1 304 [^]*\r\n\r\n$/);
    // What comes next on the connection is an answer of its own.
    expect(bodyOf(await ask('GET', '/json'))).toContain('"Ada"');
    socket.destroy();
  },

  'proxy: an event is there before the next one': async ({ tunnel, authority, lab }) => {
    const socket = await tunnel('localhost');
    const first = await converse(socket, `GET /events HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, /data: \{1\}\n\n/);
    expect(first).not.toContain('data: {2}');
    lab.nextEvent();
    expect(await converse(socket, '', /data: \{2\}\n\n/)).toContain('data: {2}');
    socket.destroy();
  },

  'proxy: a connection becomes a WebSocket, whose messages are redacted': async ({ tunnel, authority, seen, lab }) => {
    const socket = await tunnel('localhost');
    const first = await converse(socket, handshake(authority, '/socket'), /you sent .*\./);
    expect(first).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n\x81\x1cyou sent \[sig:redacted:api\]\.$/);
    expect(await converse(socket, '\x81\x02hi', /hi/)).toBe('\x81\x02hi');
    socket.destroy();
    expect(seen('/socket')[0]!.header('authorization')).toBe(`Bearer ${lab.tokens.at(-1)}`);
  },

  'proxy: a client that goes away takes the upstream with it': async ({ tunnel, authority, lab }) => {
    const socket = await tunnel('localhost');
    await converse(socket, `GET /endless HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, /\r\n\r\n/);
    socket.destroy();
    await lab.gone;
  },

  'proxy: an answer that breaks off is seen to': async ({ request }) => {
    // Nothing of it was passed on yet: it can be said.
    expect(await request('/cut')).toMatch(/^HTTP\/1\.1 502 [^]*"code":"E_UPSTREAM"/);
    // The head has gone: the connection ends without the end of the message.
    const late = await request('/cut-late');
    // A reset may take what was not read yet.
    expect(late).toMatch(/^(?:$|HTTP\/1\.1 200 )/);
    expect(isWholeResponse(late)).toBe(false);
  },

  'proxy: SIGTERM ends it, with its port': async ({ proxy }) => {
    const { port, running } = await proxy();
    running.kill('SIGTERM');
    expect((await running.done).code).toBe(143);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  },

  'everything is on record, and after a logout a person must log in': async ({ sig, lab }) => {
    const verified = await sig(['audit', 'verify']);
    const listed = await sig(['audit', '--json', '-n', '100']);
    expect([verified.code, listed.code]).toEqual([0, 0]);
    for (const token of lab.tokens) expect(findLeaks(token, { listed: listed.stdout })).toEqual([]);
    expect((await sig(['logout', 'api'])).code).toBe(0);
    expect((await sig(['status', 'api'])).code).toBe(4);
  },
};

/** The body of an answer, its chunks joined. */
function bodyOf(answer: string): string {
  const end = answer.indexOf('\r\n\r\n') + 4;
  const body = answer.slice(end);
  if (!/\r\ntransfer-encoding: chunked\r\n/i.test(answer.slice(0, end))) return body;
  let joined = '';
  for (let rest = body;;) {
    const line = rest.indexOf('\r\n');
    const size = parseInt(rest.slice(0, line), 16);
    if (!(size > 0)) return joined;
    joined += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
}
