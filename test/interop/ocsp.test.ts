/**
 * Stapled OCSP responses, made by `openssl ocsp` and stapled by `openssl s_server`.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { dial } from '../../cli/platform/upstream/dial.ts';
import { secure } from '../../cli/platform/upstream/secure.ts';
import { createTrust } from '../../cli/platform/upstream/trust.ts';
import { needCommands, runCommand, type RunningCommand, startCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';
import { makeIdentity, testAuthority } from '../_lib/test_ca.ts';
import { exchange, targetOf, useUpstream } from '../_lib/upstream.ts';

const CANARY = 'canary-5e1f0c';
const FIELDS = [['Host', 'localhost'], ['Authorization', `Bearer ${CANARY}`]] as const;

/** Deno 2.9.5 and Bun 1.4.5 do not ask for a staple. */
const SHOWS_STAPLES = !('Deno' in globalThis) && !('bun' in process.versions);
const SERIAL = '8F00000000000000000000000000AB01';

type Staple = 'good' | 'revoked' | 'another' | 'none';

interface Server {
  readonly origin: string;
  readonly port: number;
  readonly caFile: string;
  readonly command: RunningCommand;
}

test.for(
  [
    ['-tls1_3', 'good', true],
    ['-tls1_3', 'revoked', false],
    ['-tls1_2', 'good', true],
    ['-tls1_2', 'revoked', false],
    ['-tls1_3', 'another', true],
    ['-tls1_3', 'none', true],
  ] as const,
)('T3: with %s, a staple that is %s is accepted: %s', async ([version, staple, accepted], { skip }) => {
  if (!SHOWS_STAPLES && !accepted) skip('this runtime asks for no staple');
  const server = await useStapler(skip, staple, [version]);
  const { error, body } = await exchange(useUpstream(), {
    target: targetOf(server.origin),
    owner: '',
    allowPrivate: true,
    caFile: server.caFile,
  }, { fields: FIELDS, timeoutMs: 10_000 });
  if (accepted) {
    expect(error).toBeUndefined();
    expect(body).toContain('Secure Renegotiation');
    return;
  }
  expect(error).toMatchObject({
    code: 'E_UPSTREAM_TLS',
    message: `Cannot trust "localhost:${server.port}": its certificate was revoked`,
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.command.stdout()).not.toContain(CANARY);
});

test.for(['-tls1_2', '-tls1_3'])(
  'T3: with %s, a session of a good server is resumed, and none is kept of a revoked one',
  async (version, { skip }) => {
    if (!SHOWS_STAPLES) skip('this runtime asks for no staple');
    const good = await useStapler(skip, 'good', [version]);
    const sessions: Uint8Array[] = [];
    const first = await connect(good, undefined, sessions);
    first.write('GET / HTTP/1.0\r\n\r\n');
    await new Promise((resolve) => first.once('data', resolve));
    expect(sessions.length).toBeGreaterThan(0);
    expect((await connect(good, sessions.at(-1), [])).isSessionReused()).toBe(true);

    const revoked = await useStapler(skip, 'revoked', [version]);
    const kept: Uint8Array[] = [];
    await expect(connect(revoked, undefined, kept)).rejects.toMatchObject({ code: 'E_UPSTREAM_TLS' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(kept).toEqual([]);
  },
);

test('T3: a staple that cannot be read is as none', async ({ skip }) => {
  if (!SHOWS_STAPLES) skip('this runtime asks for no staple, and cannot serve one');
  const caFile = join(await useFolder(), 'ca.pem');
  await writeFile(caFile, (await testAuthority()).certificatePem);
  const server = createServer(await makeIdentity(['localhost']));
  let asked = 0;
  server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, Buffer.from(`revoked ${++asked}`)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  expect((await connect({ port, caFile }, undefined, [])).authorized).toBe(true);
  expect(asked).toBe(1);
});

async function connect(
  server: Pick<Server, 'port' | 'caFile'>,
  session: Uint8Array | undefined,
  sessions: Uint8Array[],
) {
  const context = await createTrust(() => undefined).contextFor(server.caFile);
  const raw = await dial('localhost', ['127.0.0.1'], server.port, 5000);
  const onSession = (fresh: Uint8Array) => void sessions.push(fresh);
  const { socket } = await secure(raw, {
    name: 'localhost',
    host: 'localhost',
    context,
    timeoutMs: 5000,
    session,
    onSession,
  });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** A server of openssl that staples a response about its own certificate, or about another. */
async function useStapler(skip: (note?: string) => never, staple: Staple, args: readonly string[]): Promise<Server> {
  const [openssl] = needCommands(skip, 'openssl');
  const folder = await useFolder();
  const run = async (...words: string[]) => {
    const made = await runCommand(openssl!, words, { cwd: folder });
    if (made.code !== 0) throw new Error(made.stderr);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '9', '-subj', '/CN=CA');
  await run('req', ...key, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=localhost');
  await writeFile(join(folder, 'leaf.ext'), 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n');
  const sign = ['x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '9'];
  await run(...sign, '-extfile', 'leaf.ext', '-set_serial', `0x${SERIAL}`, '-out', 'leaf.pem');
  await run(...sign, '-extfile', 'leaf.ext', '-set_serial', '77', '-out', 'another.pem');
  if (staple !== 'none') {
    const time = (days: number) =>
      `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+|[-:T]/g, '').slice(2)}`;
    const entry = staple === 'good' ? ['V', time(9), ''] : ['R', time(9), time(-1)];
    const serial = staple === 'another' ? '4D' : SERIAL;
    await writeFile(join(folder, 'index.txt'), `${[...entry, serial, 'unknown', '/CN=localhost'].join('\t')}\n`);
    const cert = staple === 'another' ? 'another.pem' : 'leaf.pem';
    await run('ocsp', '-issuer', 'ca.pem', '-cert', cert, '-no_nonce', '-reqout', 'request.der');
    const signer = ['-index', 'index.txt', '-CA', 'ca.pem', '-rsigner', 'ca.pem', '-rkey', 'ca.key'];
    await run('ocsp', ...signer, '-reqin', 'request.der', '-respout', 'ocsp.der', '-ndays', '2');
  }
  const stapled = staple === 'none' ? [] : ['-status_file', 'ocsp.der'];
  const command = startCommand(openssl!, [
    ...['s_server', '-accept', '127.0.0.1:0', '-cert', 'leaf.pem', '-key', 'leaf.key', '-www', ...stapled],
    ...args,
  ], { cwd: folder });
  onTestFinished(async () => {
    command.kill('SIGKILL');
    await command.done;
  });
  const [, port] = await command.waitFor(/ACCEPT \S*?:(\d+)/);
  return { origin: `https://localhost:${port}`, port: Number(port), caFile: join(folder, 'ca.pem'), command };
}
