import { Buffer } from 'node:buffer';
import { createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { connectThrough, formatNetworkProxy, parseNetworkProxy } from '../../../cli/platform/network_proxy.ts';
import { useServer } from '../../_lib/lab.ts';
import { type ProxyOptions, startProxy, type TestProxy } from '../../_lib/proxies.ts';
import { testAuthority } from '../../_lib/test_ca.ts';

async function useProxy(options: ProxyOptions): Promise<TestProxy> {
  const proxy = await startProxy(options);
  onTestFinished(proxy.close);
  return proxy;
}

/** A server on loopback that answers a connection in its own way. */
async function useTcp(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

async function readGreeting(socket: Socket): Promise<string> {
  onTestFinished(() => void socket.destroy());
  return await new Promise((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString())).once('error', reject).resume();
  });
}

const KINDS = ['http', 'https', 'socks5h', 'socks5'] as const;

test.each(KINDS.flatMap((kind) => [[kind, false], [kind, true]] as const))(
  'connectThrough() %s (password: %j) reaches a host, and its first bytes are not lost',
  async (kind, hasLogin) => {
    const port = await useTcp((socket) => void socket.write('hello'));
    const login = hasLogin ? { user: 'a:é b', password: 'p@:/%' } : {};
    // A colon cannot be in a Basic user name.
    if (hasLogin && kind.startsWith('http')) login.user = 'aé b';
    const proxy = await useProxy({ kind: kind === 'socks5h' ? 'socks5' : kind, ...login, route: () => port });
    const host = kind === 'socks5' ? 'localhost' : 'far.test';
    const ca = [(await testAuthority()).certificatePem];
    const parsed = parseNetworkProxy(proxy.url.replace(/^socks5:/, `${kind}:`));
    const socket = await connectThrough(parsed, host, 4433, { ca });
    expect(await readGreeting(socket)).toBe('hello');
    expect(proxy.asked).toEqual([
      kind === 'socks5' ? expect.stringMatching(/^(127\.0\.0\.1|\[0+1\]):4433$/) : 'far.test:4433',
    ]);
  },
);

test.each(['socks5h', 'http'] as const)('connectThrough() %s carries TLS to the host itself', async (kind) => {
  const server = await useServer({ hosts: ['far.test'] });
  const proxy = await useProxy({ kind: kind === 'http' ? 'http' : 'socks5', route: () => server.port });
  const tunnel = await connectThrough(parseNetworkProxy(proxy.url.replace(/^socks5:/, 'socks5h:')), 'far.test', 443);
  const socket = connectTls({ socket: tunnel, servername: 'far.test', ca: server.caPem });
  socket.write('GET / HTTP/1.1\r\nHost: far.test\r\n\r\n');
  expect(await readGreeting(socket)).toMatch(/^HTTP\/1\.1 200/);
});

test.each<[string, string, string]>([
  ['10.0.0.1', 'socks5', '10.0.0.1:1'],
  ['[2001:db8::1]', 'socks5', '[20010db8000000000000000000000001]:1'],
  ['[::ffff:1.2.3.4]', 'socks5', '[00000000000000000000ffff01020304]:1'],
  ['[::1]', 'http', '[::1]:1'],
])('connectThrough() names the address %s to a %s proxy', async (host, kind, asked) => {
  const port = await useTcp((socket) => void socket.write('x'));
  const proxy = await useProxy({ kind: kind as 'http' | 'socks5', route: () => port });
  (await connectThrough(parseNetworkProxy(proxy.url), host, 1)).destroy();
  expect(proxy.asked).toEqual([asked]);
});

test.each<[string, string, RegExp]>([
  ['socks5h', 'user:wrong@', /refused the user name or password/],
  ['socks5h', '', /wants a user name and password/],
  ['http', 'user:wrong@', /refused the user name or password/],
  ['http', '', /wants a user name and password/],
])('connectThrough() %s as %j fails and shows no password', async (kind, login, message) => {
  const proxy = await useProxy({
    kind: kind === 'http' ? 'http' : 'socks5',
    user: 'user',
    password: 'right',
    route: () => undefined,
  });
  const parsed = parseNetworkProxy(`${kind}://${login}127.0.0.1:${proxy.port}`);
  const failure = connectThrough(parsed, 'far.test', 443);
  await expect(failure).rejects.toMatchObject({ code: 'E_UPSTREAM', message: expect.stringMatching(message) });
  await expect(failure).rejects.not.toThrow(/wrong|right/);
});

test.each<[string, string, RegExp]>([
  ['socks5h', '', /cannot reach the host/],
  ['http', '', /refused with status 502/],
])('connectThrough() %s tells that the host is out of reach', async (kind, _, message) => {
  const proxy = await useProxy({ kind: kind === 'http' ? 'http' : 'socks5', route: () => undefined });
  const parsed = parseNetworkProxy(proxy.url.replace(/^socks5:/, 'socks5h:'));
  await expect(connectThrough(parsed, 'far.test', 443)).rejects.toThrow(message);
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['socks5h', 'HTTP/1.1 400 Bad Request\r\n\r\n', /as a SOCKS5 proxy/],
  ['socks5h', new Uint8Array([5, 255]), /wants a user name/],
  ['socks5h', new Uint8Array([5]), /closed the connection/],
  ['socks5h', new Uint8Array([5, 0, 5, 0, 0, 9]), /as a SOCKS5 proxy/],
  ['socks5h', new Uint8Array([5, 0, 5, 77, 0, 1]), /reply 77/],
  ['http', 'SSH-2.0-x\r\n\r\n', /as an HTTP proxy/],
  ['http', 'HTTP/1.1 20', /closed the connection/],
  ['http', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`, /too long a head/],
  ['http', '', /closed the connection/],
])('connectThrough() %s refuses the answer %j', async (kind, answer, message) => {
  const port = await useTcp((socket) => {
    socket.once('data', () => socket.end(answer));
  });
  await expect(connectThrough(parseNetworkProxy(`${kind}://127.0.0.1:${port}`), 'far.test', 443)).rejects.toThrow(
    message,
  );
});

test('connectThrough() socks5 resolves a name itself, and says so when it cannot', async () => {
  const proxy = await useProxy({ kind: 'socks5', route: () => undefined });
  await expect(connectThrough(parseNetworkProxy(proxy.url), 'far.invalid', 443)).rejects.toMatchObject({
    code: 'E_UPSTREAM',
    message: expect.stringMatching(/^Cannot resolve far.invalid/),
  });
  expect(proxy.asked).toEqual([]);
});

test('connectThrough() gives up when the proxy is silent, or not there', async () => {
  const port = await useTcp(() => {});
  const silent = connectThrough(parseNetworkProxy(`http://127.0.0.1:${port}`), 'far.test', 443, { timeoutMs: 50 });
  await expect(silent).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  const gone = connectThrough(parseNetworkProxy('socks5://127.0.0.1:1'), 'far.test', 443);
  await expect(gone).rejects.toMatchObject({ code: 'E_UPSTREAM', message: expect.stringMatching(/ECONNREFUSED/) });
});

test('connectThrough() trusts no unknown https proxy', async () => {
  const proxy = await useProxy({ kind: 'https', route: () => undefined });
  await expect(connectThrough(parseNetworkProxy(proxy.url), 'far.test', 443)).rejects.toMatchObject({
    code: 'E_UPSTREAM_TLS',
  });
});

test.each<[string, string]>([
  ['http://proxy.example', 'http://proxy.example:80'],
  ['HTTPS://proxy.example/', 'https://proxy.example:443'],
  ['socks5://127.0.0.1', 'socks5://127.0.0.1:1080'],
  ['socks5h://user:hunter2@[::1]:9', 'socks5h://[::1]:9'],
])('parseNetworkProxy(%s) is %s, without the password', (text, shown) => {
  expect(formatNetworkProxy(parseNetworkProxy(text))).toBe(shown);
  expect(JSON.stringify(parseNetworkProxy(text))).not.toContain('hunter2');
});

test('parseNetworkProxy() decodes user name and password', () => {
  const { login } = parseNetworkProxy('socks5://a%40b:c%3Ad%2F@host:1');
  expect([login?.user, login?.password.reveal()]).toEqual(['a@b', 'c:d/']);
});

test.each([
  '',
  'proxy:8080',
  'ftp://proxy',
  'socks4://proxy',
  'socks://proxy',
  'http://',
  'http://proxy:0',
  'http://proxy:70000',
  'http://proxy/path',
  'http://proxy?x',
  'http://user:hunter2%@proxy',
  'http://hunter2@a@b',
  'file:///etc/passwd',
])('parseNetworkProxy(%j) is refused', (text) => {
  let message = '';
  try {
    parseNetworkProxy(text);
  } catch (error) {
    message = String(error);
  }
  expect(message).toMatch(/Cannot use/);
  expect(message).not.toContain('hunter2');
});
