import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type BrowserRelay, startRelay } from '../../../../cli/platform/browser/relay.ts';
import { needBrowser, useFolder, useHttpProxy, useServer, useSites, useSocksProxy } from '../../../_lib/lab.ts';
import { createTestBrowser } from '../../../_lib/sites.ts';
import type { TestServer } from '../../../_lib/tls_server.ts';

async function useRelay(dial: (host: string, port: number) => Promise<Socket>): Promise<BrowserRelay> {
  const relay = await startRelay(dial);
  onTestFinished(relay.close);
  return relay;
}

function exchange(relay: BrowserRelay, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(relay.server).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => text += chunk.toString('latin1')).on('error', reject).on(
      'close',
      () => resolve(text),
    );
    socket.write(bytes);
    setTimeout(() => socket.end(), 500);
  });
}

function login({ username, password }: BrowserRelay): string {
  return `Proxy-Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}\r\n`;
}

const toServer = (server: TestServer, asked: string[]) => (host: string, port: number) => {
  asked.push(`${host}:${port}`);
  return Promise.resolve(connect(server.port, '127.0.0.1'));
};

test('startRelay() opens tunnels and forwards plain requests for whoever has its password', async () => {
  const server = await useServer({ plain: true, handler: () => ({ body: 'far' }) });
  const asked: string[] = [];
  const relay = await useRelay(toServer(server, asked));
  const tunnel = await exchange(
    relay,
    `CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\n${login(relay)}\r\nGET /in HTTP/1.1\r\nHost: x\r\n\r\n`,
  );
  expect(tunnel).toMatch(/^HTTP\/1\.1 200 [\s\S]*far$/);
  const plain = await exchange(
    relay,
    `GET http://far.test/p?q HTTP/1.1\r\nHost: far.test\r\nX-A: b\r\n${login(relay)}\r\n`,
  );
  expect(plain).toMatch(/^HTTP\/1\.1 200 [\s\S]*far/);
  expect(asked).toEqual(['far.test:443', 'far.test:80']);
  expect(server.requests.map(({ path }) => path)).toEqual(['/in', '/p?q']);
  expect(server.requests[1]!.header('x-a')).toBe('b');
  expect(server.requests[1]!.header('proxy-authorization')).toBeUndefined();
});

test.each([
  '',
  'Proxy-Authorization: Basic c2lnOnNpZw==\r\n',
  'Proxy-Authorization: Bearer x\r\n',
  'Authorization: Basic c2lnOg==\r\n',
])(
  'startRelay() serves nobody without its password: %j',
  async (header) => {
    const asked: string[] = [];
    const relay = await useRelay((host) => {
      asked.push(host);
      return Promise.reject(new Error('dialled'));
    });
    for (const line of ['CONNECT far.test:443', 'GET http://far.test/', 'GET /', 'POST http://127.0.0.1/']) {
      const answer = await exchange(relay, `${line} HTTP/1.1\r\nHost: far.test\r\n${header}\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 407 [\s\S]*Proxy-Authenticate: Basic/i);
    }
    expect(asked).toEqual([]);
  },
);

test.each(['CONNECT far.test:0', 'CONNECT a@b:443', 'GET /', 'GET https://far.test/', 'GET ftp://far.test/'])(
  'startRelay() refuses %j',
  async (line) => {
    const relay = await useRelay(() => Promise.reject(new Error('dialled')));
    expect(await exchange(relay, `${line} HTTP/1.1\r\nHost: far.test\r\n${login(relay)}\r\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  },
);

test('startRelay() answers 502 when the way is closed', async () => {
  const relay = await useRelay(() => Promise.reject(new Error('no way')));
  for (const line of ['CONNECT far.test:443', 'GET http://far.test/']) {
    expect(await exchange(relay, `${line} HTTP/1.1\r\nHost: far.test\r\n${login(relay)}\r\n`)).toMatch(
      /^HTTP\/1\.1 502 /,
    );
  }
});

test('two relays have different passwords, and close() ends their connections', async () => {
  const [one, two] = [
    await useRelay(() => Promise.reject(new Error())),
    await useRelay(() => Promise.reject(new Error())),
  ];
  expect(one.password).not.toBe(two.password);
  const socket = connect(Number(new URL(one.server).port), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await one.close();
  await ended;
});

test.for(
  [
    ['socks5', undefined],
    ['socks5', 'ann:p@ss w/rd'],
    ['socks5h', 'ann:p@ss w/rd'],
    ['http', undefined],
    ['http', 'ann:p@ss w/rd'],
  ] as const,
)('a browser goes through a network proxy: %j', async ([scheme, credentials], { skip }) => {
  needBrowser(skip);
  const sites = await useSites({ 'shop.test': () => ({ headers: { 'Set-Cookie': 'a=b; Secure' }, body: 'x' }) });
  const options = { port: sites.server.port, ...(credentials === undefined ? {} : { credentials }) };
  const proxy = scheme === 'http' ? await useHttpProxy(options) : await useSocksProxy(options);
  // The names are the proxy's to look up: the browser is not told where the sites are.
  const browser = createTestBrowser(await useFolder(), { ...sites, browserArguments: sites.browserArguments.slice(1) });
  const login = credentials === undefined ? '' : `${credentials.split(':').map(encodeURIComponent).join(':')}@`;
  const networkProxy = `${scheme}://${login}127.0.0.1:${proxy.port}`;
  const session = await browser.open({ profile: 'shop', mode: 'headless', networkProxy });
  onTestFinished(session.close);
  await session.goto('https://shop.test/');
  expect((await session.cookies()).map(({ domain }) => domain)).toEqual(['shop.test']);
  expect(proxy.asked.some((asked) => /(?:^|CONNECT )shop\.test:443/.test(asked))).toBe(true);
});

test.for(['socks5', 'http'] as const)(
  'a browser with a wrong password for a %s proxy reaches nothing',
  async (scheme, { skip }) => {
    needBrowser(skip);
    const sites = await useSites({ 'shop.test': () => ({ body: 'x' }) });
    const options = { port: sites.server.port, credentials: 'ann:right' };
    const proxy = scheme === 'http' ? await useHttpProxy(options) : await useSocksProxy(options);
    const browser = createTestBrowser(await useFolder(), {
      ...sites,
      browserArguments: sites.browserArguments.slice(1),
    });
    const networkProxy = `${scheme}://ann:wrong@127.0.0.1:${proxy.port}`;
    const session = await browser.open({ profile: 'shop', mode: 'headless', networkProxy });
    onTestFinished(session.close);
    const failure = session.goto('https://shop.test/');
    await expect(failure).rejects.toMatchObject({ code: 'E_UPSTREAM' });
    await expect(failure).rejects.not.toThrow(/wrong|right/);
    expect(sites.server.requests).toEqual([]);
  },
);
