import { createServer, type Socket } from 'node:net';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { isBusAlive } from '../../../cli/platform/session_bus.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

/** A bus that gives an answer, or none, at a path. */
async function startBus(path: string, answer: string | undefined): Promise<string[]> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('data', (data) => {
      received.push(`${data}`);
      if (answer !== undefined) socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return received;
}

test('isBusAlive() says yes to a bus that greets', async () => {
  const path = `${makeTempFolder()}/a bus`;
  const received = await startBus(path, 'OK 1234\r\n');
  expect(await isBusAlive(`unix:path=${path.replace(' ', '%20')},guid=12`, 5000)).toBe(true);
  const uid = [...`${process.getuid!()}`].map((digit) => `3${digit}`).join('');
  expect(received).toEqual([`\0AUTH EXTERNAL ${uid}\r\n`]);
});

test('isBusAlive() says no to a bus that is silent, gone or closes', async () => {
  const folder = makeTempFolder();
  await startBus(`${folder}/bus`, undefined);
  expect(await isBusAlive(`unix:path=${folder}/bus`, 50)).toBe(false);
  expect(await isBusAlive(`unix:path=${folder}/none`, 5000)).toBe(false);
  const server = createServer((socket) => void socket.destroy());
  await new Promise<void>((resolve) => server.listen(`${folder}/closing`, resolve));
  expect(await isBusAlive(`unix:path=${folder}/closing`, 5000)).toBe(false);
  server.close();
});

test.each(['tcp:host=localhost,port=1', 'unixexec:path=x', 'autolaunch:', ''])(
  'isBusAlive() takes %j on trust',
  async (address) => {
    expect(await isBusAlive(address, 50)).toBe(true);
  },
);
