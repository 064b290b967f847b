/**
 * A shell in which `sig`, `npx sig` and `npm` are those of this checkout, and the hosts of the
 * documentation are servers on loopback: for examples that run as they are printed.
 *
 * @module
 */

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { type CommandResult, runCommand, type RunningCommand } from './command.ts';
import { useFolder, useServer } from './lab.ts';
import { sigCommand, startOnTerminal } from './sig.ts';
import type { Answer, TestServer } from './tls_server.ts';
import { tokenProvider, useWorld, type World } from './world.ts';

/** A token that the servers accept. */
export const TOKEN = 'example-token-4b1c9a72f0';

/** Where examples run. */
export interface ExampleShell {
  readonly world: World;
  readonly server: TestServer;
  readonly folder: string;
  /** The text with loopback hosts. */
  localise(text: string): string;
  run(script: string): Promise<CommandResult>;
  /** The same on a terminal; `undefined` where there is none. */
  runOnTerminal(script: string): RunningCommand | undefined;
}

/**
 * @param isFresh whether there is no sig home yet
 */
export async function useShell(isFresh = false): Promise<ExampleShell> {
  const server = await useServer({
    handler: (request): Answer => {
      const issuer = `https://${request.header('host')}`;
      if (request.path === '/.well-known/openid-configuration') return { body: metadataOf(issuer) };
      if (request.path.startsWith('/oauth/authorize?')) return comeBack(new URL(request.path, issuer));
      if (request.path === '/oauth/device') {
        const verification_uri = `${issuer}/activate`;
        return { body: { device_code: 'device', user_code: 'ABCD', verification_uri, expires_in: 60, interval: 1 } };
      }
      if (request.path.endsWith('/oauth/token')) {
        return { body: { access_token: TOKEN, token_type: 'Bearer', expires_in: 600 } };
      }
      if (request.path === '/@sigcli%2fcli') return { body: { 'dist-tags': { latest: '99.0.0' } } };
      const isKnown = request.header('authorization') === `Bearer ${TOKEN}`;
      return isKnown ? { body: { name: 'Ada' } } : { status: 401, body: {} };
    },
  });
  const authority = `localhost:${server.port}`;
  const config = `providers:\n${tokenProvider('jira-example', authority)}${
    tokenProvider('slack-enterprise', 'slack.example')
  }${tokenProvider('github', 'github.example')}`;
  const world = await useWorld(config, { SIG_EXTRA_CA: server.caFile });
  for (const id of ['jira-example', 'slack-enterprise', 'github']) await world.logIn(id, { token: TOKEN });

  const folder = await useFolder();
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const sig = sigCommand().map((word) => `'${word}'`).join(' ');
  await writeProgram(join(bin, 'sig'), `exec ${sig} "$@"`);
  await writeProgram(join(bin, 'npx'), '[ "$1" = sig ] || exit 9\nexec "$@"');
  // A person who signs in at once.
  for (const name of ['xdg-open', 'open']) {
    await writeProgram(join(bin, name), 'exec curl --silent --location --output /dev/null "$1"');
  }
  // What npm itself does is the matter of the tests of the package.
  await writeProgram(join(bin, 'npm'), 'exit 0');
  await writeFile(join(folder, 'secret.txt'), 'client-secret\n');
  await writeFile(join(folder, 'agent.js'), '');
  await writeFile(join(folder, 'cookies.txt'), `localhost\tFALSE\t/\tTRUE\t0\tsession\t${TOKEN}\n`);
  await mkdir(join(folder, '.local/share/bash-completion/completions'), { recursive: true });

  const home = isFresh ? join(folder, '.sig') : world.home;
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    SIG_HOME: home,
    SIG_EXTRA_CA: server.caFile,
    CURL_CA_BUNDLE: server.caFile,
    CLIENT_ID: 'client',
    CLIENT_SECRET: 'client-secret',
    npm_config_registry: server.origin,
    NO_PROXY: '',
    DISPLAY: ':77',
    ...(process.env.HOME ? { DENO_DIR: process.env.DENO_DIR ?? join(process.env.HOME, '.cache/deno') } : {}),
  };
  // One server and its provider stand for both of the documentation's.
  const localise = (text: string) =>
    text.replaceAll(/\b(?:jira|api)\.example\.com\b/g, authority).replaceAll(
      /\bsig run api-example\b/g,
      'sig run jira-example',
    );
  return {
    world,
    server,
    folder,
    localise,
    run: (script) => runCommand('bash', ['--norc', '-euc', localise(script)], { cwd: folder, env }),
    runOnTerminal: (script) =>
      startOnTerminal(['bash', '--norc', '-euc', localise(script)], {
        home: join(dirname(home), '.sig'),
        cwd: folder,
        env,
      }),
  };
}

function metadataOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    device_authorization_endpoint: `${issuer}/oauth/device`,
  };
}

/** Where a browser is sent when the person has signed in. */
function comeBack({ searchParams }: URL): Answer {
  const back = new URL(searchParams.get('redirect_uri')!);
  back.search = new URLSearchParams({ code: 'code', state: searchParams.get('state')! }).toString();
  return { status: 302, headers: { Location: back.href } };
}

async function writeProgram(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}
