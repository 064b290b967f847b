/** A Java program behind `sig run`: by its two HTTP clients, with the trust store that is made for it. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { findLeaks, makeCanary } from '../_lib/canary.ts';
import { findCommand, needCommands, runCommand } from '../_lib/command.ts';
import { useServer } from '../_lib/lab.ts';
import { ROOT } from '../_lib/sig.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

const classes = await makeTempFolder();

beforeAll(async () => {
  const javac = findCommand('javac');
  if (javac === undefined) return;
  const compiled = await runCommand(javac, ['-d', classes.path, join(ROOT, 'test/interop/Ask.java')], {
    timeoutMs: 60_000,
  });
  expect([compiled.code, compiled.stderr]).toEqual([0, '']);
  return classes.remove;
}, 70_000);

test('run gives a Java program a login that it never sees', { timeout: 60_000 }, async ({ skip }) => {
  const [, java] = needCommands(skip, 'javac', 'java');
  const server = await useServer({ handler: (request) => ({ body: `sent ${request.header('authorization')}` }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  const token = makeCanary();
  await world.logIn('api', { token });
  const { code, stdout, stderr } = await world.sig(
    ['run', 'api', '--', java!, '-cp', classes.path, 'Ask', `${server.origin}/java`],
    { timeoutMs: 50_000 },
  );
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^HttpClient HTTP_\S+ 200 sent \[sig:redacted:api\]\nHttpURLConnection 200 sent \[sig:redacted:api\]\ntrusts \d{2,} as all others do\n$/,
    ),
  ]);
  expect(server.requests.map((request) => request.header('authorization'))).toEqual(Array(2).fill(`Bearer ${token}`));
  expect(stderr).toMatch(/^Picked up JAVA_TOOL_OPTIONS: .*\n$/);
  expect(findLeaks(token, { stdout, stderr })).toEqual([]);
});

test('a daemon that runs serves Java as well', { timeout: 60_000 }, async ({ skip }) => {
  const [, java, bash] = needCommands(skip, 'javac', 'java', 'bash');
  const server = await useServer({ handler: (request) => ({ body: `sent ${request.header('authorization')}` }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  await world.logIn('api', { token: makeCanary() });
  expect(await world.sig(['proxy', 'start'])).toMatchObject({ code: 0 });
  try {
    const { stdout: exported } = await world.sig(['proxy', 'env']);
    const line = `eval "$1"; exec "$2" -cp "$3" Ask "$4"`;
    const args = ['--norc', '-euc', line, 'bash', exported, java!, classes.path, `${server.origin}/java`];
    const { code, stdout } = await runCommand(bash!, args, { timeoutMs: 50_000 });
    expect([code, stdout.match(/ 200 sent \[sig:redacted:api\]$/gm)?.length]).toEqual([0, 2]);
    expect(stdout).toMatch(/^trusts \d+ as all others do$/m);
  } finally {
    await world.sig(['proxy', 'stop']);
  }
});
