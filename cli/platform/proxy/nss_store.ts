import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where programs of one user keep an NSS database: Chromium one for all, Firefox one for each profile. */
const SHARED = ['.pki/nssdb', '.local/share/pki/nssdb', 'snap/chromium/current/.pki/nssdb'];
const PROFILES = [
  '.mozilla/firefox',
  'snap/firefox/common/.mozilla/firefox',
  '.var/app/org.mozilla.firefox/.mozilla/firefox',
];

/** The folders with an NSS database below a user's home. None is made: who has none has no program that reads it. */
export function findNssStores(userHome: string): string[] {
  const profiles = PROFILES.flatMap((folder) => {
    const path = join(userHome, folder);
    return existsSync(path) ? readdirSync(path).sort().map((name) => join(path, name)) : [];
  });
  return [...SHARED.map((folder) => join(userHome, folder)), ...profiles]
    .filter((folder) => existsSync(join(folder, 'cert9.db')));
}

/** `certutil` of NSS, as far as a CA needs it. */
export interface NssTool {
  /** @returns the certificate under a name, PEM; `undefined` when there is none */
  find(folder: string, name: string): Promise<string | undefined>;
  /** Adds a CA that may vouch for servers and nothing else. @returns what went wrong */
  add(folder: string, name: string, pem: string): Promise<string | undefined>;
  /** @returns what went wrong */
  remove(folder: string, name: string): Promise<string | undefined>;
}

/** @returns `undefined` when `certutil` of NSS is not installed; Windows has another program of that name */
export async function findNssTool(): Promise<NssTool | undefined> {
  // Its help says what it is, and it has no --version.
  const help = await run(['-H']);
  if (!/nss|-d certdir|Add a certificate/i.test(help.stdout + help.stderr)) return undefined;
  const failure = ({ code, stderr }: Ran) => code === 0 ? undefined : stderr.trim().split('\n')[0] || 'certutil failed';
  return {
    async find(folder, name) {
      const { code, stdout } = await run(['-L', '-d', `sql:${folder}`, '-n', name, '-a']);
      return code === 0 ? stdout : undefined;
    },
    add: async (folder, name, pem) =>
      failure(await run(['-A', '-d', `sql:${folder}`, '-n', name, '-t', 'C,,', '-a'], pem)),
    remove: async (folder, name) => failure(await run(['-D', '-d', `sql:${folder}`, '-n', name])),
  };
}

/** The SHA-256 fingerprint of a certificate: lower-case hexadecimal. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], stdin = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn('certutil', args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (bytes) => stdout += bytes);
    child.stderr.on('data', (bytes) => stderr += bytes);
    child.stdin.on('error', () => {});
    child.on('error', () => resolve({ code: 127, stdout: '', stderr: 'certutil is not installed' }));
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
    child.stdin.end(stdin);
  });
}
