import { spawn } from 'node:child_process';
import { createServer } from 'node:https';
import process from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';
import type { Finding } from '../command/command.ts';

/** A server that only the right login is welcome at. */
export interface ProbeServer {
  readonly port: number;
  /** Whether a request with the login came for that path or one below it. */
  wasReached(path: string): boolean;
  close(): Promise<void>;
}

/** Starts it on loopback: TLS, with a certificate for `localhost`. */
export async function startProbeServer(
  identity: { readonly certificatePem: string; readonly privateKeyPem: string },
  authorization: string,
): Promise<ProbeServer> {
  const reached = new Set<string>();
  const server = createServer({ cert: identity.certificatePem, key: identity.privateKeyPem }, (request, response) => {
    request.resume();
    const path = request.url ?? '/';
    if (request.headers.authorization !== authorization) return void response.writeHead(401).end();
    reached.add(path.split('/')[1]!);
    const body = bodyFor(path);
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    wasReached: (path) => reached.has(path),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bodyFor(path: string): string {
  if (path === '/java') return '';
  // What git asks for first of a repository that is served as files.
  return path.includes('/info/refs') ? `${'1'.repeat(40)}\trefs/heads/main\n` : 'ref: refs/heads/main\n';
}

/** A program, and how it asks for a URL. */
interface Probe {
  readonly name: string;
  readonly command: (url: string) => readonly [file: string, ...args: string[]];
  /** What is known to be the matter with some versions. */
  readonly hint: string;
}

const FETCH = (url: string) => `const r = await fetch(${JSON.stringify(url)}); if (!r.ok) throw new Error(r.status);`;

const PROBES: readonly Probe[] = [
  {
    name: 'curl',
    command: (url) => ['curl', '-q', '--silent', '--show-error', '--fail', url],
    hint: 'a ~/.curlrc is not read here; a curl of another TLS library may ignore CURL_CA_BUNDLE: curl --version',
  },
  {
    name: 'git',
    command: (url) => ['git', 'ls-remote', url],
    hint: 'http.proxy and http.sslCAInfo of its config win over the environment: git config --show-origin -l',
  },
  {
    name: 'node',
    command: (url) => ['node', '--input-type=module', '-e', FETCH(url)],
    hint: 'its fetch uses a proxy from 22.21 and 24 on; in older ones: undici with EnvHttpProxyAgent, or axios',
  },
  {
    name: 'deno',
    command: (url) => ['deno', 'eval', '--no-lock', '--ext=ts', FETCH(url)],
    hint: 'it reads HTTPS_PROXY and DENO_CERT: see whether a flag or deno.json takes them away',
  },
  {
    name: 'python3',
    command: (url) => ['python3', '-c', `import urllib.request; urllib.request.urlopen(${JSON.stringify(url)}).read()`],
    hint: 'some builds ignore SSL_CERT_FILE: certifi-win32 and truststore read the store of the system',
  },
  {
    name: 'java',
    // The one program of every Java that fetches a URL: here a list of revoked certificates, and nothing is one.
    command: (url) => ['keytool', '-printcrl', '-file', url],
    hint: 'it sends no user and token to a proxy: only on Linux is it known without; a program may also set its own',
  },
];

/** After so long a program does not answer, in milliseconds. */
const TIMEOUT_MS = 15_000;

/**
 * Lets the programs that are installed here call a server through a proxy, one after the other.
 *
 * @param env what they are to find the proxy by
 */
export async function probePrograms(
  server: Pick<ProbeServer, 'port' | 'wasReached'>,
  env: Readonly<Record<string, string>>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, command, hint } of PROBES) {
    const ran = await run(command(`https://localhost:${server.port}/${name}`), env);
    if (ran === undefined) continue;
    const isOk = server.wasReached(name) && ran.code === 0;
    findings.push(
      isOk
        ? { check: name, state: 'ok', message: 'its requests carry the login' }
        : { check: name, state: 'warning', message: reasonOf(ran, server.wasReached(name)), hint },
    );
  }
  return findings;
}

interface Ran {
  readonly code: number | null;
  readonly stderr: string;
}

function reasonOf({ code, stderr }: Ran, wasReached: boolean): string {
  if (code === null) return 'it did not end in time';
  const line = stderr.split('\n').map((text) => text.trim()).find((text) =>
    /^(?:[\w.]*Error\b|curl:|fatal:|error:)/.test(text)
  );
  const said = line === undefined ? `it ended with ${code}` : line.slice(0, 200);
  return wasReached ? `its request carried the login, and it failed: ${said}` : `no login reached the server: ${said}`;
}

/** @returns `undefined` when there is no such program */
function run(
  [file, ...args]: readonly [string, ...string[]],
  added: Readonly<Record<string, string>>,
): Promise<Ran | undefined> {
  const env: Record<string, string | undefined> = { ...process.env, ...added, GIT_TERMINAL_PROMPT: '0', NO_COLOR: '1' };
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true });
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    child.stderr.on('data', (bytes) => stderr += bytes);
    child.on('error', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stderr });
    });
  });
}
