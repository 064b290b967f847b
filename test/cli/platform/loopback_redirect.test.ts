import { Buffer } from 'node:buffer';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenForRedirect } from '../../../cli/platform/loopback_redirect.ts';
import { LOOPBACK_REDIRECT } from '../../../src/target/loopback_redirect.ts';

const GET = { method: 'GET', query: '?code=c&state=s', headers: [] as string[] };

async function setUp(redirectUri = LOOPBACK_REDIRECT) {
  const listener = await listenForRedirect(redirectUri);
  onTestFinished(listener.close);
  const { host, hostname, port, pathname } = new URL(listener.redirectUri);
  const result = listener.wait(20_000);
  const raw = (text: string) => exchange(Number(port), text);
  /** A visit as a browser makes it, with something changed. */
  const visit = (more: Partial<typeof GET> & { path?: string; host?: string } = {}) => {
    const { method, query, headers, path, host: said } = { ...GET, path: pathname, host, ...more };
    return raw(`${method} ${path}${query} HTTP/1.1\r\n${[`Host: ${said}`, ...headers].join('\r\n')}\r\n\r\n`);
  };
  return { listener, result, raw, visit, host, hostname, port: Number(port), pathname };
}

/** Sends bytes and reads until the other side closes. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => void socket.write(text));
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('close', () => {
      resolve(Buffer.concat(chunks).toString());
    });
  });
}

const statusOf = (answer: string) => Number(answer.slice(9, 12));

test('listenForRedirect() listens on a port of its own and takes the query of one visit', async () => {
  const { listener, result, visit, pathname, port } = await setUp();
  expect(listener.redirectUri).toBe(`http://127.0.0.1:${port}${pathname}`);
  expect(pathname).toBe('/callback');
  const answer = await visit();
  expect([statusOf(answer), await result]).toEqual([200, 'code=c&state=s']);
});

test('B12: two listeners have different ports, and a port that is named is taken as it is', async () => {
  const [a, b] = [await setUp(), await setUp()];
  expect(a.port).not.toBe(b.port);
  await a.listener.close();
  const fixed = await setUp(`http://localhost:${a.port}/cb`);
  expect(fixed.listener.redirectUri).toBe(`http://localhost:${a.port}/cb`);
  expect(statusOf(await fixed.visit())).toBe(200);
});

test('B12: the listener closes after one visit: a second one reaches nobody', async () => {
  const { result, visit, port } = await setUp();
  await visit();
  await expect(visit({ query: '?code=evil' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await result).toBe('code=c&state=s');
  await expect(exchange(port, '')).rejects.toThrow();
});

test('B12: of two visits at once one is taken', async () => {
  const { result, visit } = await setUp();
  const answers = await Promise.allSettled([visit({ query: '?code=1' }), visit({ query: '?code=2' })]);
  const taken = answers.filter((one) => one.status === 'fulfilled' && statusOf(one.value) === 200);
  expect([taken.length, await result]).toEqual([1, expect.stringMatching(/^code=[12]$/)]);
});

test('B13: the answer is one static page with a policy, and nothing of the request stands in it', async () => {
  const strings = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "';alert(1)//", '\u2028', '{{7*7}}'];
  const answers = [];
  for (const text of strings) {
    const { visit, result } = await setUp();
    const query = `?${new URLSearchParams({
      code: text,
      state: text,
      error: text,
      error_description: text,
      [text]: text,
    })}`;
    answers.push(
      await visit({ query, headers: [`Referer: ${encodeURIComponent(text)}`, 'Origin: https://evil.example'] }),
    );
    await result;
  }
  expect(new Set(answers.map((answer) => answer.replace(/\r\nDate: [^\r]*/, ''))).size).toBe(1);
  const [head, body] = answers[0]!.split('\r\n\r\n') as [string, string];
  expect(head).toContain("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'");
  expect(head).toContain('Content-Type: text/html; charset=utf-8');
  expect(head).toContain('X-Content-Type-Options: nosniff');
  expect(head).toContain('Referrer-Policy: no-referrer');
  expect(head).toContain('Cache-Control: no-store');
  expect(head).not.toMatch(/access-control|set-cookie|location/i);
  expect(body).not.toMatch(/script|alert|onerror|href|src=/i);
});

test.each<[string, Parameters<Awaited<ReturnType<typeof setUp>>['visit']>[0]]>([
  ['another path', { path: '/' }],
  ['a path below it', { path: '/callback/x' }],
  ['the path with a slash', { path: '/callback/' }],
  ['the path in other letters', { path: '/Callback' }],
  ['the path encoded', { path: '/%63allback' }],
  ['the path behind dots', { path: '/x/../callback' }],
  ['an absolute address', { path: 'http://evil.example/callback' }],
  ['no path', { path: '*' }],
  ['a POST', { method: 'POST', headers: ['Content-Length: 0'] }],
  ['a HEAD', { method: 'HEAD' }],
  ['an OPTIONS', { method: 'OPTIONS' }],
  ['the name of another host', { host: 'evil.example' }],
  ['a rebound name with the port', { host: 'evil.example:80' }],
  ['no port in Host', { host: '127.0.0.1' }],
  ['another name of this machine', { host: 'localhost' }],
  ['two Hosts', { headers: ['Host: evil.example'] }],
  ['an image of a page', { headers: ['Sec-Fetch-Dest: image', 'Sec-Fetch-Mode: no-cors'] }],
  ['a fetch of a page', { headers: ['Sec-Fetch-Dest: empty', 'Origin: https://evil.example'] }],
  ['a frame of a page', { headers: ['Sec-Fetch-Dest: iframe'] }],
])('B13: %s finds nothing and changes nothing', async (_, change) => {
  const { visit, result } = await setUp();
  const answer = await visit(change);
  expect(statusOf(answer)).toBe(404);
  expect(answer).toContain("Content-Security-Policy: default-src 'none'");
  expect(answer).not.toMatch(/evil|state=/);
  expect(statusOf(await visit({ headers: ['Sec-Fetch-Dest: document', 'Sec-Fetch-Mode: navigate'] }))).toBe(200);
  expect(await result).toBe('code=c&state=s');
});

test.each([
  'GET /callback?code=x HTTP/1.1\r\n\r\n',
  'hello\r\n\r\n',
])(
  'B13: what is no proper request is refused: %j',
  async (text) => {
    const { raw, visit } = await setUp();
    expect(statusOf(await raw(text))).toBe(400);
    expect(statusOf(await visit())).toBe(200);
  },
);

test('listenForRedirect() listens on loopback only, and not on a port that is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  await expect(listenForRedirect(`http://127.0.0.1:${port}/callback`)).rejects.toMatchObject({ code: 'E_EXISTS' });
  await expect(listenForRedirect('http://example.com/callback')).rejects.toMatchObject({ code: 'E_TARGET' });
});

test('wait() ends when nobody comes, and nobody listens any more', async () => {
  const listener = await listenForRedirect(LOOPBACK_REDIRECT);
  expect(await listener.wait(1)).toBeUndefined();
  await expect(exchange(Number(new URL(listener.redirectUri).port), '')).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('wait() ends when it is cancelled, also before it began', async () => {
  const cancel = new AbortController();
  const listener = await listenForRedirect(LOOPBACK_REDIRECT);
  const waiting = listener.wait(20_000, cancel.signal);
  cancel.abort();
  expect(await waiting).toBeUndefined();
  const late = await listenForRedirect(LOOPBACK_REDIRECT);
  expect(await late.wait(20_000, cancel.signal)).toBeUndefined();
  await late.close();
});

test('wait() gives a visit that came before it', async () => {
  const listener = await listenForRedirect(LOOPBACK_REDIRECT);
  const { host, port } = new URL(listener.redirectUri);
  await exchange(Number(port), `GET /callback?code=early HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  expect(await listener.wait(20_000)).toBe('code=early');
});

test('close() does not wait for who only stays connected', async () => {
  const listener = await listenForRedirect(LOOPBACK_REDIRECT);
  const socket = connect(Number(new URL(listener.redirectUri).port), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await listener.close();
  await listener.close();
  await closed;
});
