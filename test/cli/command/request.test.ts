import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { findLeaks, makeCanary } from '../../_lib/canary.ts';
import { useFolder, useServer } from '../../_lib/lab.ts';
import type { Handler } from '../../_lib/tls_server.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

/** A world whose provider `api` claims a fresh server, logged in. */
async function setUp(handler?: Handler, extra = '') {
  const server = await useServer(handler ? { handler } : {});
  const authority = `localhost:${server.port}`;
  const token = makeCanary();
  const world = await useWorld(`providers:\n${tokenProvider('api', authority)}${extra}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  await world.logIn('api', { token });
  return { server, world, token, url: (path = '/') => `https://${authority}${path}` };
}

test('pattern 1: JSON.parse of sig request works', async () => {
  const { world, url, token, server } = await setUp(() => ({ body: { key: 'PROJ-1' } }));
  const { stdout, stderr, code } = await world.sig(['request', url('/rest/api/2/issue/PROJ-1')]);
  expect(JSON.parse(stdout)).toEqual({ key: 'PROJ-1' });
  expect([code, stderr]).toEqual([0, '']);
  expect(server.requests[0]!.header('authorization')).toBe(`Bearer ${token}`);
  expect(server.requests[0]!.path).toBe('/rest/api/2/issue/PROJ-1');
});

test('pattern 1: a JSON body is sent as JSON', async () => {
  const { world, url, server } = await setUp();
  const body = '{"jql":"assignee=currentUser()"}';
  await world.sig(['request', url('/search'), '--method', 'POST', '--body', body]);
  expect(server.requests[0]).toMatchObject({ method: 'POST', body: expect.objectContaining({}) });
  expect(server.requests[0]!.body.toString()).toBe(body);
  expect(server.requests[0]!.header('content-type')).toBe('application/json');
  expect(server.requests[0]!.header('content-length')).toBe(String(body.length));
});

test('the body is written byte for byte', async () => {
  const bytes = randomBytes(300_000);
  const { world, url } = await setUp(() => ({ body: bytes, headers: [['Content-Type', 'application/octet-stream']] }));
  const { stdoutBytes } = await world.sig(['request', url()]);
  expect(stdoutBytes.equals(bytes)).toBe(true);
});

test.each<[string, (text: string) => Uint8Array | string, string[]]>([
  ['as it is', (text) => text, []],
  ['in base64', (text) => Buffer.from(`x${text}`).toString('base64'), []],
  ['percent-encoded', (text) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(''), []],
  ['compressed, unasked', (text) => gzipSync(text), ['gzip']],
  ['compressed, as an agent asked', (text) => brotliCompressSync(text), ['br', '-H', 'Accept-Encoding: br']],
  ['in a part that an agent asked for', (text) => text, ['', '-H', 'Range: bytes=0-9']],
])('R1: R3: R4: a server that shows the secret %s shows it to nobody', async (_, spell, [coding, ...args]) => {
  const { world, url, token, server } = await setUp((request) => ({
    body: spell(`before ${request.header('authorization')} after`),
    headers: [['X-Echo', request.header('authorization')!], ...(coding ? [['Content-Encoding', coding] as const] : [])],
  }));
  const plain = await world.sig(['request', url(), ...args]);
  const json = await world.sig(['request', url(), '--json', ...args]);
  expect([plain.code, json.code]).toEqual([0, 0]);
  expect(findLeaks(token, { plain: plain.stdoutBytes, json: json.stdoutBytes, stderr: plain.stderr })).toEqual([]);
  expect(JSON.parse(json.stdout).headers['x-echo']).toContain('[sig:redacted:api]');
  expect(server.requests[0]!.header('range')).toBeUndefined();
});

test('-o writes a file, and nothing when the transfer breaks', async () => {
  const { world, url, server } = await setUp(() => ({ body: 'content' }));
  const folder = await useFolder();
  await world.sig(['request', url(), '-o', join(folder, 'out')]);
  expect(await readFile(join(folder, 'out'), 'utf8')).toBe('content');
  server.handle(() => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', close: true }));
  const broken = await world.sig(['request', url(), '-o', join(folder, 'other')]);
  expect(broken.code).toBe(6);
  expect(await readdir(folder)).toEqual(['out']);
});

test('--format json gives status, headers and parsed body', async () => {
  const { world, url } = await setUp(() => ({
    status: 404,
    reason: 'Not Found',
    headers: [['Link', 'a=1'], ['Link', 'b=2'], ['Set-Cookie', 'c=3'], ['Content-Type', 'application/json']],
    body: '{"a":1}',
  }));
  const { stdout, code } = await world.sig(['request', url(), '--format', 'json']);
  const printed = JSON.parse(stdout);
  expect(printed).toMatchObject({
    status: 404,
    statusText: 'Not Found',
    body: { a: 1 },
    headers: { link: ['a=1', 'b=2'] },
  });
  // Security case R6.
  expect(Object.keys(printed.headers)).not.toContain('set-cookie');
  expect(code).toBe(1);
});

test('--format json gives binary bodies as base64; --format headers the head alone', async () => {
  const { world, url } = await setUp(() => ({ body: new Uint8Array([0xff, 0]), headers: [['X-A', '1']] }));
  expect(JSON.parse((await world.sig(['request', url(), '--json'])).stdout)).toMatchObject({ bodyBase64: '/wA=' });
  expect((await world.sig(['request', url(), '--format', 'headers'])).stdout).toMatch(
    /^HTTP\/1.1 200 OK\r\nX-A: 1\r\n/,
  );
});

test('bodies come from files and stdin, headers as given', async () => {
  const { world, url, server } = await setUp();
  const file = join(await useFolder(), 'body');
  await writeFile(file, 'from file');
  await world.sig([
    'request',
    url(),
    '-d',
    `@${file}`,
    '-H',
    'Content-Type: text/plain',
    '-H',
    'X-Two: a',
    '-H',
    'X-Two: b',
  ]);
  await world.sig(['request', url(), '-X', 'PUT', '-d', '@-'], { stdin: 'from stdin' });
  expect(server.requests.map((request) => request.body.toString())).toEqual(['from file', 'from stdin']);
  expect(server.requests[0]!.headers.filter(([name]) => name === 'X-Two')).toEqual([['X-Two', 'a'], ['X-Two', 'b']]);
  expect(server.requests.map((request) => request.method)).toEqual(['POST', 'PUT']);
});

test('pattern 4: naming a provider does not reach beyond its allow rules', async () => {
  const server = await useServer();
  const host = `localhost:${server.port}`;
  const allow = (path: string) => `    allow: ['${path}']\n`;
  const config = `providers:\n${tokenProvider('jira', host)}${allow('/jira/**')}${tokenProvider('github', host)}${
    allow('/github/**')
  }`;
  const world = await useWorld(config, { SIG_EXTRA_CA: server.caFile });
  await world.logIn('jira', { token: 'one' });
  await world.logIn('github', { token: 'two' });
  expect((await world.sig(['request', `https://${host}/github/x`])).code).toBe(0);
  expect(server.requests[0]!.header('authorization')).toBe('Bearer two');
  expect(await world.sig(['request', `https://${host}/jira/x`, '--provider', 'jira,github'])).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('No "allow" rule of "github" covers GET /jira/x'),
  });
  expect(server.requests).toHaveLength(1);
});

test('pattern 4: a named provider that does not list the host is refused with the line to add', async () => {
  const { world, url, server } = await setUp(undefined, tokenProvider('other', 'other.example'));
  await world.logIn('other', { token: 'x' });
  const { code, stderr } = await world.sig(['request', url(), '--provider', 'api,other']);
  expect(code).toBe(5);
  expect(stderr).toContain(`add "localhost:${server.port}" to "domains" of "other"`);
  expect(server.requests).toHaveLength(0);
});

test('an answer of 401 that nothing can mend exits 4 and names the command', async () => {
  const { world, url } = await setUp(() => ({ status: 401, body: 'who?' }));
  const { code, stdout, stderr } = await world.sig(['request', url()]);
  expect([code, stdout]).toEqual([4, 'who?']);
  expect(stderr).toBe('sig: error: Server answered 401 Unauthorized\nsig: hint: log in again: sig login api\n');
});

test('H17: a redirect to another origin exits 5, and the credential stays behind with --follow', async () => {
  const other = await useServer({ handler: () => ({ body: 'elsewhere' }) });
  const { world, url, token } = await setUp(() => ({
    status: 302,
    headers: { Location: `https://127.0.0.1:${other.port}/x` },
  }));
  expect(await world.sig(['request', url()])).toMatchObject({ code: 5, stderr: expect.stringContaining('--follow') });
  const followed = await world.sig(['request', url(), '--follow', '-H', 'X-Csrf-Token: mine']);
  // The other origin is a private address that no provider names: it is not even dialled.
  expect(followed).toMatchObject({ code: 5, stderr: expect.stringContaining('sig: error') });
  expect(findLeaks(token, { other: other.bytes() })).toEqual([]);
  expect(other.bytes().toString('latin1')).not.toContain('X-Csrf');
});

test.each([
  [['--header', 'no colon'], 2],
  [['--header', 'A: \x01'], 2],
  [['--header', 'Host: evil.example'], 2],
  [['-X', 'CONNECT'], 2],
  [['-X', 'a b'], 2],
  [['--timeout', 'soon'], 2],
  [['--timeout', '0'], 2],
  [['--format', 'xml'], 2],
  [['-d', '@/nonexistent/file'], 2],
  [['--provider', 'nobody'], 3],
])('sig request with %j exits %i and sends nothing', async (args, status) => {
  const { world, url, server } = await setUp();
  const { code, stderr, stdout } = await world.sig(['request', url(), ...args]);
  expect([code, stdout]).toEqual([status, '']);
  expect(stderr).toMatch(/^sig: error: .+\nsig: hint: .+\n$|^sig: error: .+\n$/);
  expect(server.requests).toHaveLength(0);
});

test.each([
  'ftp://a.example/',
  'a.example',
  'https://',
  'https://u:p@a.example/',
  'https://a.example:0/',
  'https://a.example\t/',
  'javascript:1',
  '',
])(
  'sig request %j is refused without showing the URL',
  async (url) => {
    const { world } = await setUp();
    const { code, stderr } = await world.sig(['request', url]);
    expect(code).toBe(2);
    expect(stderr).not.toContain('u:p');
  },
);

test('R7: no error, note or record shows the token', async () => {
  const { world, url, token, server } = await setUp(() => ({ status: 500 }));
  const results = [
    await world.sig(['request', url('/?q=1'), '-v']),
    await world.sig(['request', url(), '--timeout', '0.001', '-v']),
    await world.sig(['explain', url()]),
    await world.sig(['audit', '--json']),
  ];
  await server.close();
  results.push(await world.sig(['request', url(), '-v', '--json']));
  const sinks = Object.fromEntries(
    results.flatMap(({ stdout, stderr }, i) => [[`stdout ${i}`, stdout], [`stderr ${i}`, stderr]]),
  );
  const logs = await readFile(join(world.home, 'logs/audit.jsonl'), 'utf8');
  expect(findLeaks(token, { ...sinks, logs })).toEqual([]);
});

test('a connection refused and an untrusted certificate exit 6', async () => {
  const { world, url, server } = await setUp();
  expect(await world.sig(['request', url()], { env: { SIG_EXTRA_CA: '' } })).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('sig: hint'),
  });
  expect(server.requests).toHaveLength(0);
  await server.close();
  expect(await world.sig(['request', url()])).toMatchObject({ code: 6 });
});

test('EPIPE is quiet: a reader that goes away is no error', async () => {
  const { world, url } = await setUp(() => ({ body: randomBytes(2_000_000) }));
  const { runCommand } = await import('../../_lib/command.ts');
  const { sigCommand } = await import('../../_lib/sig.ts');
  const quoted = [...sigCommand(), 'request', url()].map((word) => `'${word}'`).join(' ');
  const { stdoutBytes, stderr } = await runCommand('sh', ['-c', `${quoted} | head -c 1000`], {
    env: { PATH: '/usr/bin:/bin', HOME: world.home, SIG_HOME: world.home, SIG_EXTRA_CA: (await useServer()).caFile },
  });
  expect(stdoutBytes.length).toBe(1000);
  expect(stderr).toBe('');
});
