import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { findLeaks, makeAwkwardCanary, makeCanary, readFolder, readProcesses } from '../_lib/canary.ts';
import { useFolder } from '../_lib/lab.ts';

const CANARY = makeCanary();
const AWKWARD = makeAwkwardCanary();
const base64 = (text: string) => Buffer.from(text).toString('base64');

const ENCODERS: Record<string, (secret: string) => string | Uint8Array> = {
  raw: (secret) => secret,
  'hexadecimal, lower': (secret) => Buffer.from(secret).toString('hex'),
  'hexadecimal, upper': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'base64 with padding': base64,
  'base64 without padding': (secret) => base64(secret).replace(/=+$/, ''),
  'base64 of text before and after, 1': (secret) => base64(`x${secret}yy`),
  'base64 of text before and after, 2': (secret) => base64(`xx${secret}y`),
  'base64 of text before and after, 3': (secret) => base64(`xxx${secret}yyy`),
  'base64 of user:password': (secret) => base64(`someone:${secret}`),
  base64url: (secret) => Buffer.from(`a${secret}`).toString('base64url'),
  percent: encodeURIComponent,
  'percent, lower': (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  form: (secret) => new URLSearchParams({ key: secret }).toString(),
  'percent, every byte': (secret) => [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join(''),
  JSON: (secret) => JSON.stringify({ a: secret }),
  'JSON in JSON': (secret) => JSON.stringify({ a: JSON.stringify({ b: secret }) }),
  'JSON, every character': (secret) =>
    [...secret].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  'HTML, named': (secret) =>
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  'HTML, numeric': (secret) => [...secret].map((char) => `&#${char.charCodeAt(0)};`).join(''),
  reversed: (secret) => [...secret].reverse().join(''),
  'UTF-16LE': (secret) => Buffer.from(secret, 'utf16le'),
  'UTF-16BE': (secret) => Buffer.from(secret, 'utf16le').swap16(),
  gzip: (secret) => gzipSync(`before ${secret} after`),
  'gzip in the middle': (secret) => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), gzipSync(secret)]),
  'gzip of base64': (secret) => gzipSync(base64(secret)),
  'gzip in gzip': (secret) => gzipSync(gzipSync(secret)),
  zlib: (secret) => deflateSync(secret),
};

test.each(Object.entries(ENCODERS))('findLeaks() finds a canary as %s', (_name, encode) => {
  for (const canary of [CANARY, AWKWARD]) {
    for (const around of ['', 'some text ']) {
      const sink = Buffer.concat([Buffer.from(around), Buffer.from(encode(canary) as string), Buffer.from(around)]);
      expect(findLeaks(canary, { stdout: sink })).not.toEqual([]);
    }
  }
});

test('findLeaks() names the sink and the encoding, and finds any of several canaries', () => {
  const sinks = { stdout: 'nothing', stderr: `error: ${CANARY}`, 'audit.jsonl': base64(AWKWARD) };
  expect(findLeaks(CANARY, sinks)).toEqual(['stderr: raw']);
  expect(findLeaks([CANARY, AWKWARD], sinks)).toEqual(['stderr: raw', 'audit.jsonl: base64 at offset 0']);
});

test('findLeaks() finds a canary in a gzip stream that is cut off', () => {
  expect(findLeaks(CANARY, { body: gzipSync(CANARY + makeCanary()).subarray(0, -20) })).not.toEqual([]);
});

test('findLeaks() finds nothing in other secrets, in parts of the canary and in random bytes', () => {
  const random = crypto.getRandomValues(new Uint8Array(60_000));
  const sinks = { other: makeCanary(), part: CANARY.slice(0, 20), empty: '', random, packed: gzipSync(random) };
  expect(findLeaks([CANARY, AWKWARD], sinks)).toEqual([]);
});

test('findLeaks() refuses a canary that is short enough to be found by chance', () => {
  expect(() => findLeaks('short', { stdout: '' })).toThrow(RangeError);
});

test('readFolder() reads files of every depth, and their names', async () => {
  const folder = await useFolder();
  await mkdir(join(folder, 'a', 'b'), { recursive: true });
  await writeFile(join(folder, 'a', 'b', 'file'), `x${CANARY}`);
  await writeFile(join(folder, `${CANARY}.tmp`), '');
  const leaks = findLeaks(CANARY, await readFolder(folder));
  expect(leaks).toEqual([`${join(folder, 'a', 'b', 'file')}: raw`, `names in ${folder}: raw`]);
});

test('readProcesses() sees arguments and environment of a process and of its children', async ({ skip }) => {
  skip(process.platform !== 'linux', 'only Linux shows the arguments of processes in /proc');
  const [inArgv, inEnv] = [makeCanary(), makeCanary()];
  const child = spawn('sh', ['-c', `sh -c 'echo ready; read line' ${inArgv}; true`], {
    env: { PATH: process.env.PATH ?? '', SECRET: inEnv },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout!, 'data');
    const sinks = await readProcesses([child.pid!]);
    expect(findLeaks(inArgv, sinks)).toContain(`/proc/${child.pid}/cmdline: raw`);
    expect(findLeaks(inEnv, sinks).length).toBeGreaterThanOrEqual(2);
    expect(findLeaks(makeCanary(), sinks)).toEqual([]);
  } finally {
    child.stdin!.end('\n');
    await once(child, 'close');
  }
});
