import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { dial } from '../../../../cli/platform/upstream/dial.ts';
import { secure } from '../../../../cli/platform/upstream/secure.ts';
import { createTrust } from '../../../../cli/platform/upstream/trust.ts';
import { needCommands, runCommand, startCommand } from '../../../_lib/command.ts';
import { useFolder, useServer } from '../../../_lib/lab.ts';
import { DEFECTS } from '../../../_lib/test_ca.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

const CANARY = 'canary-0b7e61';
const FIELDS = [['Host', 'localhost'], ['Authorization', `Bearer ${CANARY}`]] as const;

/** What a message must say for each defect. */
const REASONS: Record<(typeof DEFECTS)[number], RegExp> = {
  'expired': /has expired|dates/,
  'not-yet-valid': /not valid yet|dates/,
  'wrong-name': /another name/,
  'wrong-usage': /not one for servers|purpose/,
  'self-signed': /private CA|not known/,
  'foreign-ca': /private CA|not known/,
};

test.each(DEFECTS)('T1: a certificate that is %s is refused before a request byte', async (defect) => {
  const server = await useServer({ defect });
  const route = { target: targetOf(server.origin), owner: '', allowPrivate: true, caFile: server.caFile };
  const { error, heads } = await exchange(useUpstream(), route, { fields: FIELDS });
  expect(error).toMatchObject({ code: 'E_UPSTREAM_TLS', message: expect.stringMatching(REASONS[defect]) });
  expect(heads).toEqual([]);
  expect(server.bytes().length).toBe(0);
});

test('T1: no environment variable turns verification off', async () => {
  const server = await useServer({ defect: 'self-signed' });
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  onTestFinished(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });
  const upstream = useUpstream({ env: (name) => (name === 'NODE_TLS_REJECT_UNAUTHORIZED' ? '0' : undefined) });
  const { error } = await exchange(upstream, { target: targetOf(server.origin), owner: '', allowPrivate: true }, {
    fields: FIELDS,
  });
  expect(error).toMatchObject({ code: 'E_UPSTREAM_TLS' });
  expect(server.bytes().length).toBe(0);
});

test('T1: a server that is trusted under one name is not trusted under another', async () => {
  const server = await useServer({ hosts: ['localhost'] });
  const route = { owner: '', allowPrivate: true, caFile: server.caFile };
  const upstream = useUpstream();
  expect((await exchange(upstream, { ...route, target: targetOf(server.origin) })).body).toBe('ok');
  const byAddress = await exchange(upstream, { ...route, target: targetOf(`https://127.0.0.1:${server.port}`) });
  expect(byAddress.error).toMatchObject({ code: 'E_UPSTREAM_TLS', message: expect.stringContaining('another name') });
});

test('an address is verified as such, IPv6 too', async () => {
  const route = { owner: '', allowPrivate: true };
  const four = await useServer();
  const target = targetOf(`https://127.0.0.1:${four.port}`);
  expect((await exchange(useUpstream(), { ...route, target, caFile: four.caFile })).body).toBe('ok');
  const six = await useServer({ address: '::1' });
  const { body } = await exchange(useUpstream(), { ...route, target: targetOf(six.origin), caFile: six.caFile });
  expect(body).toBe('ok');
});

test('T1: an RSA key of 1024 bits is too weak, even of a trusted server', async ({ skip }) => {
  const { port, file } = await serveWithOpenssl(skip, 1024, []);
  const target = targetOf(`https://localhost:${port}`);
  const { error } = await exchange(useUpstream(), { target, owner: '', allowPrivate: true, caFile: file }, {
    fields: FIELDS,
  });
  expect(error).toMatchObject({ code: 'E_UPSTREAM_TLS' });
});

test.for(
  [
    ['-tls1', false],
    ['-tls1_1', false],
    ['-tls1_2', true],
    ['-tls1_3', true],
  ] as const,
)('T2: a server that speaks only %s is accepted: %s', async ([version, accepted], { skip }) => {
  const { port, file, command } = await serveWithOpenssl(skip, 2048, [version]);
  const target = targetOf(`https://localhost:${port}`);
  const { error, body } = await exchange(
    useUpstream(),
    { target, owner: '', allowPrivate: true, caFile: file },
    { fields: FIELDS, timeoutMs: 10_000 },
  );
  if (accepted) {
    expect(error).toBeUndefined();
    expect(body).toContain('Secure Renegotiation');
  } else {
    expect(error?.code).toMatch(/^E_UPSTREAM/);
    expect(command.stdout()).not.toContain(CANARY);
  }
});

test('sessions are resumed, and for the same route only', async () => {
  const server = await useServer();
  let session: Uint8Array | undefined;
  const context = await createTrust(() => undefined).contextFor(server.caFile);
  const connect = async () => {
    const raw = await dial('localhost', ['127.0.0.1'], server.port, 5000);
    const secured = await secure(raw, {
      name: 'localhost',
      host: 'localhost',
      context,
      timeoutMs: 5000,
      session,
      onSession: (fresh) => session = fresh,
    });
    onTestFinished(() => void secured.socket.destroy());
    return secured.socket;
  };
  const first = await connect();
  expect(first.authorized).toBe(true);
  expect(first.getProtocol()).toBe('TLSv1.3');
  expect(first.alpnProtocol).toBe('http/1.1');
  expect(first.listenerCount('close')).toBeLessThan(4);
  // The first data brings the session with it (TLS 1.3 sends it after the handshake).
  first.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => first.once('data', resolve));
  // Deno has no sessions to resume.
  if (!session) return;
  expect((await connect()).isSessionReused()).toBe(true);
});

test('a server that does not answer the handshake is given up in time', async () => {
  const port = await useSilentServer(() => {});
  const raw = await dial('localhost', ['127.0.0.1'], port, 5000);
  const context = await createTrust(() => undefined).contextFor(undefined);
  await expect(secure(raw, { name: 'localhost', host: 'localhost', context, timeoutMs: 50 })).rejects.toMatchObject({
    code: 'E_TIMEOUT',
  });
});

test('a server that hangs up or speaks something else is told from one that is not trusted', async () => {
  const upstream = useUpstream();
  const ask = async (port: number) => {
    const target = targetOf(`https://localhost:${port}`);
    return (await exchange(upstream, { target, owner: '', allowPrivate: true })).error;
  };
  const hangUp = await useSilentServer((socket) => socket.end());
  expect(await ask(hangUp)).toMatchObject({ code: 'E_UPSTREAM' });
  const plain = await useSilentServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect((await ask(plain))?.code).toMatch(/^E_UPSTREAM/);
});

async function useSilentServer(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

/** The server of openssl, with a key and a certificate of its own. */
async function serveWithOpenssl(
  skip: (note?: string) => never,
  bits: number,
  args: readonly string[],
): Promise<{ port: number; file: string; command: ReturnType<typeof startCommand> }> {
  const [openssl] = needCommands(skip, 'openssl');
  const folder = await useFolder();
  const file = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const made = await runCommand(openssl!, [
    ...['req', '-x509', '-newkey', `rsa:${bits}`, '-nodes', '-keyout', key, '-out', file, '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const command = startCommand(openssl!, [
    ...['s_server', '-accept', '127.0.0.1:0', '-cert', file, '-key', key, '-www', '-cipher', 'ALL:@SECLEVEL=0'],
    ...args,
  ]);
  onTestFinished(async () => {
    command.kill('SIGKILL');
    await command.done;
  });
  const [, port] = await command.waitFor(/ACCEPT \S*?:(\d+)/);
  return { port: Number(port), file, command };
}
