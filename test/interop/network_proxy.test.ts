import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseNetworkProxy } from '../../cli/platform/upstream/network_proxy.ts';
import { needCommands, startCommand } from '../_lib/command.ts';
import { useFolder, useServer } from '../_lib/lab.ts';
import { exchange, targetOf, useUpstream } from '../_lib/upstream.ts';

/** Proxies of other people: what we say, they understand. */
const PROXIES = {
  microsocks: {
    schemes: ['socks5', 'socks5h'],
    start: (port: number) => Promise.resolve(['-i', '127.0.0.1', '-p', String(port), '-u', 'user', '-P', 'pass:word']),
  },
  tinyproxy: {
    schemes: ['http'],
    start: async (port: number, folder: string) => {
      const file = join(folder, 'tinyproxy.conf');
      await writeFile(
        file,
        `Port ${port}\nListen 127.0.0.1\nAllow 127.0.0.1\nBasicAuth user passXword\nMaxClients 10\nTimeout 60\n`,
      );
      return ['-d', '-c', file];
    },
  },
};

for (const [name, { schemes, start }] of Object.entries(PROXIES)) {
  test(`${name} carries https and http for us, with the right password only`, async ({ skip }) => {
    const [file] = needCommands(skip, name);
    const port = await findPort();
    const command = startCommand(file!, await start(port, await useFolder()));
    onTestFinished(async () => {
      command.kill('SIGKILL');
      await command.done;
    });
    await untilListening(port);
    const password = name === 'tinyproxy' ? 'passXword' : 'pass%3Aword';
    const servers = [await useServer(), await useServer({ plain: true })];
    for (const scheme of schemes) {
      for (const server of servers) {
        const ask = (secret: string) =>
          exchange(useUpstream(), {
            target: targetOf(`${server.origin}`.replace('localhost', '127.0.0.1')),
            owner: '',
            allowPrivate: true,
            caFile: server.caFile,
            networkProxy: parseNetworkProxy(`${scheme}://user:${secret}@127.0.0.1:${port}`),
          });
        expect((await ask(password)).body).toBe('ok');
        const refused = await ask('wrong');
        expect(refused.heads.every((head) => head.status === 401 || head.status === 407)).toBe(true);
        expect(server.requests).toHaveLength(schemes.indexOf(scheme) + 1);
      }
    }
  });
}

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the proxy does not listen');
}
