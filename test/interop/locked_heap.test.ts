/**
 * What a locked proxy still has in memory: a heap snapshot of a real daemon, made from within by a script that only
 * this test puts there, since the daemon itself has no such door.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { decodeBase64url, encodeBase64url } from '../../src/encoding/base64url.ts';
import { deriveKey, importRootKey } from '../../src/vault/derive.ts';
import { parseHeader, unwrapVaultKey } from '../../src/vault/header.ts';
import { findLeaks, makeCanary } from '../_lib/canary.ts';
import { runCommand } from '../_lib/command.ts';
import { useFolder, useServer } from '../_lib/lab.ts';
import { IS_DENO, sigCommand } from '../_lib/sig.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

/** Collects what can be collected; then writes what is left, when it was asked so. */
const PRELOAD = `
const { renameSync, writeFileSync } = require('node:fs');
const { writeHeapSnapshot } = require('node:v8');
for (const signal of ['SIGUSR2', 'SIGCONT']) process.on(signal, () => {
  gc();
  setTimeout(() => {
    gc();
    const part = __filename + '.part';
    if (signal === 'SIGUSR2') writeHeapSnapshot(part);
    else writeFileSync(part, '');
    renameSync(part, __filename + '.done');
  }, 50);
});
`;

interface Daemon {
  readonly pid: number;
  readonly home: string;
  /** The secret of its one login. */
  readonly token: string;
  /** What a program is told that uses it. */
  ask(path?: string): Promise<string>;
  /** Begins a request that is answered when the result is called. */
  askSlowly(): Promise<() => Promise<string>>;
  lock(): Promise<void>;
  /** Collects what can be collected. */
  collect(): Promise<void>;
  /** What is left of the heap then. */
  takeSnapshot(): Promise<Buffer>;
}

const EXPECTED = '200 hello [sig:redacted:api]';

/** A daemon that has used its login. */
async function useDaemon(skip: (note?: string) => never): Promise<Daemon> {
  if (IS_DENO) skip('what another process has in its heap is only to be had from Node');
  const preload = join(await useFolder(), 'snapshot.cjs');
  await writeFile(preload, PRELOAD);
  let finish = () => {};
  const server = await useServer({
    async handler(request) {
      if (request.path === '/slow') await new Promise<void>((resolve) => finish = resolve);
      return { body: `hello ${request.header('authorization')}` };
    },
  });
  const env = { SIG_EXTRA_CA: server.caFile };
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, env);
  const token = makeCanary();
  await world.logIn('api', { token });
  const [file, ...args] = sigCommand();
  const started = await runCommand(
    file,
    ['--expose-gc', '--require', preload, ...args, 'proxy', 'start', '--json'],
    { env: { PATH: process.env.PATH!, HOME: join(world.home, '..'), SIG_HOME: world.home, ...env } },
  );
  onTestFinished(() => world.sig(['proxy', 'stop']).then(() => {}));
  const { pid, port } = JSON.parse(started.stdout) as { pid: number; port: number };
  async function signal(name: 'SIGUSR2' | 'SIGCONT'): Promise<Buffer> {
    await rm(`${preload}.done`, { force: true });
    process.kill(pid, name);
    let bytes: Buffer | undefined;
    await expect.poll(async () => bytes = await readFile(`${preload}.done`).catch(() => undefined), {
      timeout: 30_000,
      interval: 50,
    }).toBeDefined();
    return bytes!;
  }
  const daemon: Daemon = {
    pid,
    home: world.home,
    token,
    ask: (path = '/me') =>
      new Promise<string>((resolve, reject) => {
        const headers = { Host: `localhost:${server.port}` };
        get({ host: '127.0.0.1', port, path: `${server.origin}${path}`, headers }, (response) => {
          let text = `${response.statusCode} `;
          response.on('data', (bytes) => text += bytes);
          response.on('end', () => resolve(text));
        }).on('error', reject);
      }),
    async askSlowly() {
      const count = server.requests.length;
      const asked = daemon.ask('/slow');
      await expect.poll(() => server.requests.length).toBe(count + 1);
      return () => {
        finish();
        return asked;
      };
    },
    async lock() {
      expect(JSON.parse((await world.sig(['lock', '--json'])).stdout)).toEqual({ locked: true });
    },
    collect: () => signal('SIGCONT').then(() => {}),
    takeSnapshot: () => signal('SIGUSR2'),
  };
  for (let i = 0; i < 3; i++) expect(await daemon.ask()).toBe(EXPECTED);
  expect(server.requests.at(-1)!.header('authorization')).toBe(`Bearer ${token}`);
  return daemon;
}

test(
  'S24: nothing of a login is in the heap of a daemon that was locked; a key file opens it again',
  async ({ skip }) => {
    const { token, home, ask, askSlowly, lock, takeSnapshot } = await useDaemon(skip);
    const before = await takeSnapshot();
    // Else the rest would prove nothing: the login, and what is looked for in answers.
    expect(before.includes(`Bearer ${token}`)).toBe(true);
    const end = await askSlowly();
    await lock();
    // What was under way has its login until it ends, and leaves nothing of it.
    expect(await end()).toBe(EXPECTED);
    const after = await takeSnapshot();
    expect(findLeaks([token, encodeBase64url(await readVaultKey(home))], { after })).toEqual([]);
    expect(await ask()).toBe(EXPECTED);
  },
  60_000,
);

test(
  'S24: neither the vault key nor that of the audit log is in the memory of a daemon that was locked',
  async ({ skip }) => {
    const { pid, home, ask, lock, collect } = await useDaemon(skip);
    const key = Buffer.from(await readVaultKey(home));
    const auditKey = await deriveKey(await importRootKey(new Uint8Array(key)), 'use audit');
    // As it stands in an HMAC (RFC 2104 §2). Memory that was only given back keeps all but the first bytes.
    const pads = [0x36, 0x5c].map((pad) => Buffer.from(auditKey.map((byte) => byte ^ pad)).subarray(16));
    const before = countInMemory(pid, key);
    if (before === undefined) skip('this system lets nobody read the memory of another process');
    expect(before).toBeGreaterThan(0);
    for (const pad of pads) expect(countInMemory(pid, pad)).toBeGreaterThan(0);
    await lock();
    await collect();
    expect(countInMemory(pid, key)).toBe(0);
    for (const pad of pads) await expect.poll(() => countInMemory(pid, pad), { timeout: 10_000 }).toBe(0);
    expect(await ask()).toBe(EXPECTED);
    expect(countInMemory(pid, key)).toBeGreaterThan(0);
  },
  60_000,
);

/** How often bytes are in what a process can write to; `undefined` where that cannot be read. */
function countInMemory(pid: number, bytes: Buffer): number | undefined {
  const PIECE = 1 << 24;
  let maps: string;
  let memory: number;
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'latin1');
    memory = openSync(`/proc/${pid}/mem`, 'r');
  } catch {
    return undefined;
  }
  let count = 0;
  try {
    for (const [, from = '', to = ''] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = parseInt(to, 16);
      for (let at = parseInt(from, 16); at < end; at += PIECE) {
        const piece = Buffer.alloc(Math.min(PIECE, end - at));
        try {
          readSync(memory, piece, 0, piece.length, at);
        } catch {
          continue; // Unmapped meanwhile.
        }
        for (let found = piece.indexOf(bytes); found >= 0; found = piece.indexOf(bytes, found + 1)) count++;
      }
    }
  } finally {
    closeSync(memory);
  }
  return count;
}

async function readVaultKey(home: string): Promise<Uint8Array> {
  const header = parseHeader(await readFile(join(home, 'vault/header.json')));
  return await unwrapVaultKey(header, decodeBase64url((await readFile(join(home, 'key'), 'utf8')).trim()));
}
