import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { dial } from '../../../../cli/platform/upstream/dial.ts';

async function usePort(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

test('dial() connects to the first address that answers', async () => {
  const port = await usePort();
  // Nothing listens on 127.0.0.2.
  const socket = await dial('a.test', ['127.0.0.2', '127.0.0.1'], port, 5000);
  onTestFinished(() => void socket.destroy());
  expect(socket.remoteAddress).toBe('127.0.0.1');
  expect(socket.listenerCount('error')).toBe(0);
});

test('dial() says when nothing listens', async () => {
  const port = await usePort();
  await expect(dial('a.test:1', ['127.0.0.2', '127.0.0.3'], port, 5000)).rejects.toMatchObject({
    code: 'E_UPSTREAM',
    message: 'Cannot connect to "a.test:1": nothing listens there',
  });
});

test('dial() gives up in time', async () => {
  // TEST-NET-1: nobody answers. Where the network says so at once, that is as good.
  const failure = dial('a.test', ['192.0.2.1'], 9, 50);
  await expect(failure).rejects.toMatchObject({ code: expect.stringMatching(/^E_(TIMEOUT|UPSTREAM)$/) });
});
