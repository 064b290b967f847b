import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { parseNetworkProxy } from '../../../../cli/platform/upstream/network_proxy.ts';
import { useServer, useSocksProxy } from '../../../_lib/lab.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

test('socks5h leaves the look-up to the proxy, socks5 does not', async () => {
  const server = await useServer();
  const proxy = await useSocksProxy();
  const looked: string[] = [];
  const upstream = useUpstream({
    lookup: (name) => {
      looked.push(name);
      return Promise.resolve(['127.0.0.1']);
    },
  });
  for (const scheme of ['socks5h', 'socks5']) {
    const networkProxy = parseNetworkProxy(`${scheme}://127.0.0.1:${proxy.port}`);
    const route = {
      target: targetOf(server.origin),
      owner: '',
      allowPrivate: true,
      caFile: server.caFile,
      networkProxy,
    };
    expect((await exchange(upstream, route)).body).toBe('ok');
  }
  expect(proxy.asked).toEqual([`localhost:${server.port}`, `127.0.0.1:${server.port}`]);
  expect(looked).toEqual(['localhost']);
});

test('H15: socks5 judges the address before the proxy hears of it, and plain http goes through too', async () => {
  const server = await useServer({ plain: true });
  const proxy = await useSocksProxy({ port: server.port });
  const networkProxy = parseNetworkProxy(`socks5://127.0.0.1:${proxy.port}`);
  const ask = (address: string, allowPrivate: boolean) =>
    exchange(useUpstream({ lookup: () => Promise.resolve([address]) }), {
      target: targetOf('http://a.test'),
      owner: '',
      allowPrivate,
      networkProxy,
    });
  expect((await ask('10.0.0.1', false)).error).toMatchObject({ code: 'E_PRIVATE_ADDRESS' });
  expect((await ask('169.254.169.254', true)).error).toMatchObject({ code: 'E_PRIVATE_ADDRESS' });
  expect(proxy.asked).toEqual([]);
  expect((await ask('2001:db8::7', true)).body).toBe('ok');
  expect(proxy.asked).toEqual(['[20010db8000000000000000000000007]:80']);
});

test('a user name and password are given when the proxy asks for them', async () => {
  const server = await useServer();
  const proxy = await useSocksProxy({ credentials: 'usér:p:w' });
  const ask = (credentials: string) =>
    exchange(useUpstream(), {
      target: targetOf(server.origin),
      owner: '',
      allowPrivate: true,
      caFile: server.caFile,
      networkProxy: parseNetworkProxy(`socks5h://${credentials}127.0.0.1:${proxy.port}`),
    });
  expect((await ask('us%C3%A9r:p%3Aw@')).body).toBe('ok');
  expect((await ask('us%C3%A9r:canary@')).error).toMatchObject({
    code: 'E_UPSTREAM',
    message: `The proxy "127.0.0.1:${proxy.port}" refuses the user name or password`,
  });
  expect((await ask('')).error?.message).toContain('asks for a user name');
});

test('a proxy that cannot reach the server says so', async () => {
  const proxy = await useSocksProxy({ port: 1 });
  const networkProxy = parseNetworkProxy(`socks5h://127.0.0.1:${proxy.port}`);
  const { error } = await exchange(useUpstream(), { target: targetOf('http://a.test'), owner: '', networkProxy });
  expect(error?.message).toContain('cannot connect to "a.test:80": nothing listens there');
});

test.each([
  [''],
  ['HTTP/1.1 400 Bad Request\r\n\r\n'],
  [Buffer.from([4, 0])],
  [Buffer.from([5, 2])],
  [Buffer.from([5, 0, 4, 0, 0, 1, 0])],
  [Buffer.from([5, 0, 5, 0, 0, 9, 0])],
  [Buffer.from([5, 0, 5, 99, 0, 1, 0])],
  [Buffer.from([5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 0, 80, 0x48])],
])('a proxy that answers %j is an error that names it', async (reply) => {
  const proxy = await useSocksProxy({ reply });
  const networkProxy = parseNetworkProxy(`socks5h://127.0.0.1:${proxy.port}`);
  const { error } = await exchange(useUpstream(), { target: targetOf('http://a.test'), owner: '', networkProxy });
  expect(error).toMatchObject({ code: 'E_UPSTREAM', message: expect.stringContaining(`127.0.0.1:${proxy.port}`) });
});
