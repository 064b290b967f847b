import { mkdirSync, readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { expect, test } from 'vitest';
import { openSocketFolder } from '../../../cli/platform/socket_folder.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

test('openSocketFolder() names a socket in a folder of any length', async (context) => {
  context.skip(process.platform !== 'linux', 'only Linux has a way round the limit');
  for (const length of [1, 200]) {
    const folder = `${makeTempFolder()}/${'x'.repeat(length)}`;
    mkdirSync(folder);
    const sockets = openSocketFolder(folder, 4);
    expect(sockets.path('sock').startsWith('/proc/')).toBe(length === 200);
    const server = createServer((socket) => void socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(sockets.path('sock'), resolve));
    expect(readdirSync(folder)).toEqual(['sock']);
    const received = await new Promise((resolve) =>
      connect(sockets.path('sock')).on('data', (data) => resolve(`${data}`))
    );
    expect(received).toBe('hello');
    server.close();
    sockets.close();
  }
});

test('openSocketFolder() counts bytes, the separator and the name', (context) => {
  context.skip(process.platform !== 'linux', 'elsewhere it is an error');
  const folder = makeTempFolder();
  const needed = folder.length + 1 + 4;
  expect(openSocketFolder(folder, 4, needed).path('sock')).toBe(`${folder}/sock`);
  const sockets = openSocketFolder(folder, 4, needed - 1);
  expect(sockets.path('sock')).toMatch(/^\/proc\/self\/fd\/\d+\/sock$/);
  sockets.close();
});
