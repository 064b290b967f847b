import { createServer, type Socket } from 'node:net';
import process from 'node:process';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { createKeychainKeySource, type Keyring, type KeyringEntry } from '../../../cli/platform/key_keychain.ts';
import { bundleScript, endChildren, startChild } from '../../_lib/run_child.ts';
import { hasProgram } from '../../_lib/system.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const worker = await bundleScript(new URL('../../_lib/store_worker.ts', import.meta.url));
afterEach(endChildren);

const request = { vault: 'A'.repeat(22), salt: new Uint8Array(16), scrypt: undefined };
const hint = 'unlock or start it and try again; or choose another key source: sig init --key-source passphrase';

/** A keychain in memory, with some of its calls replaced. */
function memoryKeyring(items: Map<string, string>, replaced: Partial<KeyringEntry> = {}): () => Promise<Keyring> {
  class AsyncEntry {
    readonly #name: string;
    constructor(service: string, account: string, options: unknown) {
      expect(options).toEqual({ linux: { store: 'secret-service' } });
      this.#name = `${service}/${account}`;
      Object.assign(this, replaced);
    }
    getPassword = () => Promise.resolve(items.get(this.#name) ?? null);
    setPassword = (password: string) => Promise.resolve(void items.set(this.#name, password));
    deletePassword = () => Promise.resolve(items.delete(this.#name));
  }
  return () => Promise.resolve({ AsyncEntry });
}

test('create() makes one item for the vault, open() reads it, discard() removes it', async () => {
  const items = new Map<string, string>();
  const source = createKeychainKeySource({ env: {} }, memoryKeyring(items));
  const key = await source.create(request);
  expect(key.length).toBe(32);
  expect([...items.keys()]).toEqual([`sig vault key/${request.vault}`]);
  expect(await source.create(request)).toEqual(key);
  expect(await source.open(request)).toEqual(key);
  await source.discard(request);
  expect(items.size).toBe(0);
});

test('S16: open() never makes an item', async () => {
  const items = new Map<string, string>();
  const source = createKeychainKeySource({ env: {} }, memoryKeyring(items));
  await expect(source.open(request)).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
  expect(items.size).toBe(0);
});

test('an item that holds no key is refused and stays', async () => {
  const items = new Map([[`sig vault key/${request.vault}`, 'not a key']]);
  const source = createKeychainKeySource({ env: {} }, memoryKeyring(items));
  for (const call of ['open', 'create'] as const) {
    await expect(source[call](request)).rejects.toMatchObject({ code: 'E_KEY_SOURCE' });
  }
  expect([...items.values()]).toEqual(['not a key']);
});

test('S23: a keychain that refuses, or whose add-on is missing, is an error with what to do', async () => {
  const refusing = memoryKeyring(new Map(), {
    getPassword: () => Promise.reject(new Error('Access\ndenied\u001b[0m')),
  });
  await expect(createKeychainKeySource({ env: {} }, refusing).open(request)).rejects.toMatchObject({
    code: 'E_KEY_SOURCE',
    message: 'Cannot use the keychain: Access denied [0m',
    hint,
  });
  const missing = () => Promise.reject(new Error('Cannot find module'));
  await expect(createKeychainKeySource({ env: {} }, missing).create(request)).rejects.toMatchObject({
    code: 'E_KEY_SOURCE',
    message: 'Cannot use the keychain: its add-on "@napi-rs/keyring" is not installed',
    hint,
  });
  const throwing = () =>
    Promise.resolve({
      AsyncEntry: class {
        constructor() {
          throw new Error('no store');
        }
      } as never,
    });
  await expect(createKeychainKeySource({ env: {} }, throwing).open(request)).rejects.toMatchObject({
    code: 'E_KEY_SOURCE',
  });
});

test('S23: a keychain that does not answer in time is an error, and is told to stop', async () => {
  let signal: AbortSignal | undefined;
  const silent = memoryKeyring(new Map(), { getPassword: (given) => (signal = given, new Promise(() => {})) });
  await expect(createKeychainKeySource({ env: {}, keychainTimeoutMs: 30 }, silent).open(request)).rejects.toMatchObject(
    {
      code: 'E_KEY_SOURCE',
      message: 'Cannot use the keychain: no answer within 0.03 s',
    },
  );
  expect(signal?.aborted).toBe(true);
});

test('S23: a session bus that says nothing is an error in time', async (context) => {
  context.skip(process.platform !== 'linux', 'there is no D-Bus');
  const path = `${makeTempFolder()}/bus`;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
  await expect(createKeychainKeySource({ env, keychainTimeoutMs: 50 }).open(request)).rejects.toMatchObject({
    code: 'E_KEY_SOURCE',
    message: 'Cannot use the keychain: the D-Bus session bus does not answer',
  });
});

test('S23: without a D-Bus session the real keychain is an error, not the keyring of the kernel', async (context) => {
  context.skip(process.platform !== 'linux', 'there is no D-Bus');
  const home = makeTempFolder();
  const env = { DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: home, DISPLAY: '' };
  const child = startChild(worker, ['keychain', home], { env });
  expect(await child.nextLine()).toMatch(/^E_KEY_SOURCE Cannot use the keychain: /);
  expect((await child.end).code).toBe(0);
});

test('S23: the real Secret Service keeps the key', async (context) => {
  const needed = ['dbus-run-session', 'gnome-keyring-daemon'];
  context.skip(!needed.every(hasProgram), `${needed.join(' and ')} are not installed`);
  const home = makeTempFolder();
  const unlock = 'printf x | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec "$@"';
  const under = ['dbus-run-session', '--', 'sh', '-c', unlock, 'sh'];
  const env = { HOME: home, XDG_DATA_HOME: `${home}/data`, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: `${home}/cache` };
  const child = startChild(worker, ['keychain', `${home}/sig`], { under, env });
  expect([await child.nextLine(), await child.nextLine()]).toEqual(['true keychain', 'value']);
  await child.end;
});
