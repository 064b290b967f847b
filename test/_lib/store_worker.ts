/** What the child processes of the store tests do: the first argument names it. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, ftruncateSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { createFolderStore } from '../../cli/platform/folder_store.ts';
import { acquireLock } from '../../cli/platform/lock.ts';
import { acquirePipeLock } from '../../cli/platform/lock_pipe.ts';
import { acquireSocketLock } from '../../cli/platform/lock_socket.ts';
import { initialiseVault, openVault } from '../../cli/platform/vault_home.ts';
import { encodeUtf8 } from '../../src/encoding/bytes.ts';
import { encodeBase64url } from '../../src/encoding/base64url.ts';
import { SigError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { importRootKey } from '../../src/vault/derive.ts';
import { parseRecord, sealRecord } from '../../src/vault/record.ts';

const [role, home = '', ...rest] = process.argv.slice(2);
const prompt = {
  line: () => Promise.reject(new Error('nobody there')),
  secret: () => Promise.resolve(new Secret('correct horse battery')),
  confirm: () => Promise.resolve(false),
};
const options = { prompt, env: process.env, scryptCost: { n: 1024, r: 8, p: 1 }, lockTimeoutMs: 60_000 };
const input = createInterface({ input: process.stdin });
const say = (line: string) => void process.stdout.write(`${line}\n`);

const roles: Readonly<Record<string, () => Promise<void>>> = {
  /** Saves ever newer values of one record, and says which are stored. */
  async save() {
    const vault = await openVault(home, options);
    for (let n = Number(rest[1] ?? 1);; n++) {
      await vault.seal(rest[0]!, { n, pad: `${n}-`.repeat(200) });
      say(`${n}`);
    }
  },
  /** Adds to counters: count times, in turn to each of the named records. */
  async add() {
    const vault = await openVault(home, options);
    const [count, ...names] = rest;
    say('ready');
    await nextInput();
    let longestMs = 0;
    for (let n = 0; n < Number(count); n++) {
      const begin = performance.now();
      await vault.update(names[n % names.length]!, (current) => {
        const { sum = 0, by = {} } = (current?.value ?? {}) as { sum?: number; by?: Record<string, number> };
        return { sum: sum + 1, by: { ...by, [process.pid]: (by[process.pid] ?? 0) + 1 } };
      });
      longestMs = Math.max(longestMs, performance.now() - begin);
    }
    say(`${longestMs}`);
  },
  /** Reads counters until told to stop. */
  async read() {
    const vault = await openVault(home, options);
    let isOver = false;
    void nextInput().then(() => isOver = true);
    let reads = 0;
    let last = 0;
    while (!isOver) {
      const { sum } = ((await vault.open(rest[0]!))?.value ?? { sum: 0 }) as { sum: number };
      if (sum < last) throw new Error(`read ${sum} after ${last}`);
      last = sum;
      reads++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    say(`${reads}`);
  },
  /** Holds a lock until told otherwise. */
  async hold() {
    const lease = await acquireLock({ folder: `${home}/lock`, name: rest[0]! });
    say('held');
    await nextInput();
    await lease.release();
    say('released');
  },
  /** Ends while it holds a lock. */
  async 'leave-held'() {
    await acquireLock({ folder: `${home}/lock`, name: rest[0]! });
  },
  /** Holds a lock of the Windows kind, at the abstract address that stands in for a pipe. */
  async 'hold-pipe'() {
    await acquirePipeLock(`\0${home}`, AbortSignal.timeout(60_000));
    say('held');
    await nextInput();
  },
  /** Holds the lock of a folder. */
  async 'hold-socket'() {
    const release = await acquireSocketLock(home, AbortSignal.timeout(60_000));
    say('held');
    await nextInput();
    release();
  },
  /** Tries for some milliseconds to get the lock of a folder, and says what came of it. */
  async 'try-socket'() {
    await acquireSocketLock(home, AbortSignal.timeout(Number(rest[0]))).then(() => say('got it'), () => say('refused'));
  },
  /** Takes and releases a lock, noting both in a log that is only right if nobody else does meanwhile. */
  async enter() {
    say('ready');
    await nextInput();
    for (let n = 0; n < Number(rest[0]); n++) {
      const release = await acquireSocketLock(`${home}/lock`, AbortSignal.timeout(60_000));
      appendFileSync(`${home}/log`, `+${process.pid}\n`);
      if (n % 4 === 3) await new Promise((resolve) => setImmediate(resolve));
      appendFileSync(`${home}/log`, `-${process.pid}\n`);
      release();
    }
    say('done');
  },
  /** Makes the vaults that are named, and says which key each has. */
  async init() {
    say('ready');
    for await (const folder of input) {
      const { id, created } = await initialiseVault(folder, home as 'file' | 'passphrase', options);
      const vault = await openVault(folder, options);
      say(`${created} ${id} ${(await vault.deriveKey('test')).join('.')}`);
    }
  },
  /** Seals many times, and says all salts and nonces. */
  async draw() {
    const root = await importRootKey(new Uint8Array(32));
    const drawn: string[] = [];
    for (let n = 0; n < Number(rest[0]); n += 500) {
      const about = { vault: 'A'.repeat(22), name: 'credentials/a', version: 1 };
      const all = await Promise.all(Array.from({ length: 500 }, () => sealRecord(root, about, 0)));
      for (const { salt, iv } of all.map(parseRecord)) drawn.push(encodeBase64url(salt), encodeBase64url(iv));
    }
    say(drawn.join(' '));
  },
  /** Makes a vault with the real keychain, and uses it. */
  async keychain() {
    try {
      const { created, source } = await initialiseVault(home, 'keychain', options);
      say(`${created} ${source}`);
      await (await openVault(home, options)).seal('credentials/a', 'value');
      say(`${(await (await openVault(home, options)).open('credentials/a'))?.value}`);
    } catch (error) {
      if (!(error instanceof SigError)) throw error;
      say(`${error.code} ${error.message}`);
    }
  },
  /** Writes one value by the store alone. */
  async put() {
    await createFolderStore(home).put(rest[0]!, encodeUtf8(rest[1]!));
    say('stored');
  },
  /** On a small disk of its own: saves with every number of free pages, and says what came of it. */
  async budget() {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', home]);
    await initialiseVault(home, 'file', options);
    const vault = await openVault(home, options);
    const counts: Record<string, number> = {};
    for (let freePages = 0; freePages <= 12; freePages++) {
      for (const size of [0, 500, 1900, 2700, 2900, 5000, 9000, 20_000]) {
        await vault.seal('credentials/a', 'old');
        fillDisk(`${home}/filler`, freePages);
        const value = `new ${'x'.repeat(size)}`;
        const result = await vault.seal('credentials/a', value).then(
          () => 'stored',
          (error) => error.code ?? `${error}`,
        );
        const wanted = result === 'stored' ? value : 'old';
        if ((await vault.open('credentials/a'))?.value !== wanted) {
          throw new Error(`${result}, but the value is not right`);
        }
        unlinkSync(`${home}/filler`);
        const left = [...readdirSync(`${home}/credentials`), ...readdirSync(`${home}/vault`)].join();
        if (left !== 'a.json,header.json,versions.json') throw new Error(`left: ${left}`);
        counts[result] = (counts[result] ?? 0) + 1;
      }
    }
    await vault.seal('credentials/a', 'old');
    execFileSync('mount', ['-o', 'remount,ro', home]);
    const readOnly = await vault.seal('credentials/a', 'new').then(() => 'stored', (error) => error.message);
    say(JSON.stringify({ counts, readOnly, then: (await vault.open('credentials/a'))?.value }));
  },
  /** Makes a vault and a record under a umask. */
  async umask() {
    process.umask(Number.parseInt(rest[0]!, 8));
    await initialiseVault(home, 'file', options);
    const vault = await openVault(home, options);
    await vault.seal('credentials/a', 1);
    await vault.seal('credentials/a', 2);
    say(`${(await vault.open('credentials/a'))?.value}`);
  },
};

function nextInput(): Promise<void> {
  return new Promise((resolve) => {
    input.once('line', () => resolve());
    input.once('close', () => resolve());
  });
}

/** Leaves a number of 4 KiB pages free on the disk of a file. */
function fillDisk(path: string, freePages: number): void {
  const file = openSync(path, 'w', 0o600);
  const page = new Uint8Array(4096);
  let pages = 0;
  try {
    for (;; pages++) writeSync(file, page);
  } catch { /* Full. */ }
  ftruncateSync(file, Math.max(0, pages - freePages) * 4096);
  closeSync(file);
}

await roles[role!]!();
input.close();
process.stdin.destroy();
