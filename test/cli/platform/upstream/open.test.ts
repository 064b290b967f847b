import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { parseNetworkProxy } from '../../../../cli/platform/upstream/network_proxy.ts';
import { openConnection } from '../../../../cli/platform/upstream/open.ts';
import { systemLookup } from '../../../../cli/platform/upstream/resolve.ts';
import { createTrust } from '../../../../cli/platform/upstream/trust.ts';
import { useFolder, useHttpProxy, useServer } from '../../../_lib/lab.ts';
import { IS_DENO } from '../../../_lib/sig.ts';
import { targetOf } from '../../../_lib/upstream.ts';

const OPTIONS = {
  trust: createTrust(() => undefined),
  lookup: systemLookup,
  connectTimeoutMs: 5000,
  sessions: new Map<string, Uint8Array>(),
};

test('openConnection() tells who reads the requests', async () => {
  const server = await useServer({ plain: true });
  const proxy = await useHttpProxy();
  const route = { target: targetOf(server.origin), owner: '', allowPrivate: true };
  const direct = await openConnection(route, OPTIONS);
  onTestFinished(() => void direct.socket.destroy());
  expect(direct.readBy).toBeUndefined();
  const through = (credentials: string) =>
    openConnection(
      { ...route, networkProxy: parseNetworkProxy(`http://${credentials}127.0.0.1:${proxy.port}`) },
      OPTIONS,
    );
  const anonymous = await through('');
  onTestFinished(() => void anonymous.socket.destroy());
  expect(anonymous.readBy).toEqual({ authorization: undefined });
  const known = await through('u:p@');
  onTestFinished(() => void known.socket.destroy());
  expect(known.readBy).toEqual({ authorization: 'Basic dTpw' });
});

test('openConnection() closes the socket when the CAs cannot be read', async () => {
  const server = await useServer();
  const caFile = join(await useFolder(), 'ca.pem');
  await writeFile(caFile, 'nothing');
  const route = { target: targetOf(server.origin), owner: '', allowPrivate: true, caFile };
  await expect(openConnection(route, OPTIONS)).rejects.toMatchObject({ code: 'E_UPSTREAM_TLS' });
  expect(server.connections).toBe(0);
});

test('H15: openConnection() judges what an HTTP proxy would look up', async () => {
  const proxy = await useHttpProxy();
  const networkProxy = parseNetworkProxy(`http://127.0.0.1:${proxy.port}`);
  for (const url of ['https://169.254.169.254', 'https://10.0.0.1', 'http://metadata.google.internal']) {
    await expect(openConnection({ target: targetOf(url), owner: '', networkProxy }, OPTIONS)).rejects
      .toMatchObject({
        code: 'E_PRIVATE_ADDRESS',
      });
  }
  expect(proxy.asked).toEqual([]);
});

test('openConnection() resumes the TLS session of another owner, and no connection of it', async () => {
  const server = await useServer();
  const options = { ...OPTIONS, sessions: new Map<string, Uint8Array>() };
  const ask = async (owner: string) => {
    const route = { target: targetOf(server.origin), owner, allowPrivate: true, caFile: server.caFile };
    const { socket } = await openConnection(route, options) as { socket: TLSSocket };
    onTestFinished(() => void socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    return socket;
  };
  await ask('a');
  const second = await ask('b');
  expect(server.connections).toBe(2);
  expect(second.authorized).toBe(true);
  // Deno gives no session to resume.
  expect(options.sessions.size).toBe(IS_DENO ? 0 : 1);
  if (!IS_DENO) expect(second.isSessionReused()).toBe(true);
  expect([...options.sessions.keys()].join()).not.toMatch(/"[ab]"/);
});
