/**
 * `npm run demo`: the real command line, used as a person would, against a real authorization
 * server (oidc-provider) and an HTTPS API that accepts nothing but its tokens. Everything is on
 * loopback, under a private CA, in a home of its own. Each step is checked; a step that misbehaves
 * ends the demo with status 1.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createSend } from '../../cli/platform/send.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import { buildFormRequest } from '../../src/oauth/client.ts';
import { Secret } from '../../src/secret.ts';
import { findLeaks } from '../_lib/canary.ts';
import { type CommandResult, findCommand, runCommand } from '../_lib/command.ts';
import { startIssuer, type TestIssuer } from '../_lib/oidc.ts';
import { runSig, startSig } from '../_lib/sig.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { startServer, type TestServer } from '../_lib/tls_server.ts';
import { runAgentDemo } from './demo_agent.ts';
import { runBrowserDemo } from './demo_browser.ts';
import type { Expected } from './demo_stage.ts';

/** Tokens that the API was shown, and those it no longer accepts. */
const seen = new Set<string>();
const refused = new Set<string>();

const folder = await makeTempFolder('sig-demo-');
const home = join(folder.path, 'home');
const issuer = await startIssuer();
const api = await startApi(issuer);
/** What any step printed, for the last check. */
let transcript = '';
let failed = 0;

try {
  await runDemo();
} finally {
  await Promise.all([api.close(), issuer.close()]);
  await folder.remove();
}
console.log(failed === 0 ? '\nEvery step did what it should.' : `\n${failed} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;

async function runDemo(): Promise<void> {
  const url = `${api.origin}/me`;
  title('Make a home');
  await sig(['init', '--yes', '--key-source', 'file'], { status: 0 });

  title('Nothing is sent for a host that nobody claims');
  await sig(['request', url], { status: 3, stderr: /add one: sig login/ });
  check('the API saw no request', api.requests.length === 0);

  title('Log in: OAuth2 client credentials; the secret comes through a pipe');
  const { id, secret } = issuer.basicClient;
  await sig(
    [
      'login',
      api.origin,
      '--as',
      'demo-api',
      '--token-url',
      issuer.tokenUrl,
      '--client-id',
      id,
      '--client-secret-stdin',
      '--scope',
      'read:data',
    ],
    { status: 0, stderr: /logged in to "demo-api"/, stdin: `${secret}\n` },
  );
  const stored = await readFile(join(home, 'credentials/demo-api.json'), 'utf8');
  check('the stored record shows no secret', findLeaks(secret, { stored }).length === 0);

  title('Who is logged in?');
  await sig(['status', 'demo-api'], { status: 0, stdout: /"valid": true/ });

  title('An authenticated request; stdout is the body, byte for byte');
  const answered = await sig(['request', url], { status: 0 });
  check('the body parses and names the client', parse(answered.stdout).client === id);
  check('the API got a bearer token', /^Bearer \S+$/.test(api.requests.at(-1)?.header('authorization') ?? ''));

  title('The token dies at the server: the next request renews it and nobody notices');
  const before = tokenCalls(issuer);
  refuseOldTokens();
  check('the request is answered', parse((await sig(['request', url], { status: 0 })).stdout).client === id);
  check('one token call was made', tokenCalls(issuer) === before + 1);

  title('Why does that work, and why does this not?');
  await sig(['explain', url], { status: 0, stdout: /adds +header Authorization/ });
  await sig(['explain', 'https://evil.example/'], { status: 3, stdout: /E_NO_PROVIDER/ });

  title('A secret is shown only to who asks for it in so many words');
  const token = api.requests.at(-1)!.header('authorization')!.slice('Bearer '.length);
  await sig(['get', 'demo-api'], { status: 0, stdout: /\[redacted\]/ });
  await sig(['get', 'demo-api', '--no-redaction'], { status: 5, stderr: /agent/, env: { SIG_AGENT: '1' } });

  title('The same API, called by programs that were told nothing: sig run');
  for (const [name, command] of plainClients(url)) {
    const ran = await sig(['run', 'demo-api', '--', ...command], { status: 0 });
    check(`${name} is answered`, parse(ran.stdout).client === id);
  }

  title('And by any program, through sig proxy');
  const proxy = startSig(['proxy'], { home, env: { SIG_EXTRA_CA: api.caFile } });
  try {
    const [, port] = await proxy.waitFor(/http:\/\/127\.0\.0\.1:(\d+)/);
    for (const [name, command] of plainClients(url)) {
      const ran = await runCommand(command[0], command.slice(1), { env: proxiedEnvironment(port!) });
      transcript += ran.stdout + ran.stderr;
      console.log(`\n$ ${name}\n  ${ran.stdout.trim()}`);
      check(`${name} is answered`, parse(ran.stdout).client === id, ran.stderr);
    }
  } finally {
    proxy.kill();
    await proxy.done;
  }

  title('Every use is on record');
  await sig(['audit', 'verify'], { status: 0, stdout: /all in order/ });

  title('Log out: the values go, the client stays, a new token needs no person');
  await sig(['logout', 'demo-api'], { status: 0, stderr: /logged out/ });
  await sig(['status', 'demo-api'], { status: 4 });
  await sig(['get', 'demo-api'], { status: 0 });

  const stage = { title, check, sig };
  await runBrowserDemo(stage);
  await runAgentDemo(join(folder.path, 'agent'), stage);

  title('Nothing that was printed holds a secret');
  check('neither client secret nor token in the transcript', findLeaks([secret, token], { transcript }).length === 0);
}

/** Programs that know nothing of sig, as far as they are installed. */
function plainClients(url: string): (readonly [name: string, command: [string, ...string[]]])[] {
  const curl = findCommand('curl');
  const python = findCommand('python3');
  // Absolute form, as old axios has it, works in every Node; from 22.21 on fetch itself follows HTTPS_PROXY.
  const node = `const { hostname, port, username, password } = new URL(process.env.HTTPS_PROXY);
const headers = { host: new URL(${JSON.stringify(url)}).host };
if (password) headers['proxy-authorization'] = 'Basic ' + btoa(username + ':' + password);
require('http').get({ host: hostname, port, path: ${
    JSON.stringify(url)
  }, headers }, (answer) => answer.pipe(process.stdout));`;
  const modern = `fetch(${JSON.stringify(url)}).then((answer) => answer.text()).then(console.log)`;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const hasProxy = major > 24 || (major === 24 && minor >= 0) || (major === 22 && minor >= 21);
  return [
    ...(curl ? [['curl', [curl, '-sS', url]] as const] : []),
    ...(python
      ? [
        [
          'Python',
          [python, '-c', `import urllib.request; print(urllib.request.urlopen("${url}").read().decode())`],
        ] as const,
      ]
      : []),
    [hasProxy ? 'Node fetch' : 'Node', [process.execPath, '-e', hasProxy ? modern : node]] as const,
  ].map(([name, command]) => [name as string, [...command] as [string, ...string[]]] as const);
}

function proxiedEnvironment(port: string): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  const ca = join(home, 'proxy/bundle.pem');
  return {
    PATH: process.env.PATH ?? '',
    HTTPS_PROXY: url,
    https_proxy: url,
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: ca,
    SSL_CERT_FILE: ca,
    CURL_CA_BUNDLE: ca,
  };
}

/** Runs `sig`, shows what it printed and checks it. */
async function sig(args: readonly string[], expected: Expected): Promise<CommandResult> {
  console.log(`\n$ sig ${args.map((arg) => (/^[\w./:=@-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ')}`);
  const result = await runSig(args, {
    home,
    env: { SIG_EXTRA_CA: api.caFile, ...expected.env },
    timeoutMs: 90_000,
    ...(expected.stdin === undefined ? {} : { stdin: expected.stdin }),
  });
  const shown = result.stderr + result.stdout;
  transcript += shown;
  console.log(shown.trimEnd().split('\n').map((line) => `  ${line}`).join('\n'));
  check(`exit status ${expected.status}`, result.code === expected.status, `got ${result.code}`);
  if (expected.stdout) check(`stdout matches ${expected.stdout}`, expected.stdout.test(result.stdout));
  if (expected.stderr) check(`stderr matches ${expected.stderr}`, expected.stderr.test(result.stderr));
  return result;
}

function title(text: string): void {
  console.log(`\n── ${text}`);
}

function check(what: string, holds: boolean, otherwise = ''): void {
  console.log(`  ${holds ? '✓' : '✗'} ${what}${holds || otherwise === '' ? '' : `: ${otherwise}`}`);
  if (!holds) failed++;
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function tokenCalls(server: TestIssuer): number {
  return server.requests.filter((request) => request.path === '/token').length;
}

/** An API that asks the authorization server about each token it is shown (RFC 7662). */
function startApi(server: TestIssuer): Promise<TestServer> {
  const { id, secret } = server.basicClient;
  const send = createSend({ env: (name) => (name === 'SIG_EXTRA_CA' ? server.caFile : undefined) });
  const introspect = async (token: string): Promise<Record<string, unknown>> => {
    const { head, body } = buildFormRequest(server.introspectionUrl, { token }, {
      clientId: id,
      clientSecret: new Secret(secret),
    });
    const response = await send(head, body, { allowPrivate: true });
    return parse(new TextDecoder().decode(await readAll(response.body, 65_536)));
  };
  return startServer({
    handler: async (request) => {
      const token = /^Bearer (\S+)$/.exec(request.header('authorization') ?? '')?.[1];
      if (token === undefined || refused.has(token)) return { status: 401, body: { error: 'who are you?' } };
      seen.add(token);
      const { active, client_id: client } = await introspect(token);
      return active === true
        ? { body: { client, path: request.path } }
        : { status: 401, body: { error: 'who are you?' } };
    },
  });
}

function refuseOldTokens(): void {
  for (const token of seen) refused.add(token);
}
