import { expect, test } from 'vitest';
import { findLeaks, makeCanary } from '../../_lib/canary.ts';
import { useIssuer } from '../../_lib/lab.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

async function setUp() {
  const token = makeCanary();
  const world = await useWorld(`providers:\n${tokenProvider('jira-example', 'jira.example')}`);
  await world.logIn('jira-example', { token });
  return { world, token };
}

test.each(['json', 'header', 'value', 'curl', 'netscape'])(
  'pattern 8: get --format %s is redacted, whole',
  async (format) => {
    const { world, token } = await setUp();
    const { code, stdout, stderr } = await world.sig(['get', 'jira-example', '--format', format]);
    expect(code).toBe(0);
    expect(findLeaks(token, { stdout, stderr })).toEqual([]);
    if (format !== 'netscape') expect(stdout).toContain('[redacted]');
  },
);

test.each([
  ['json', (out: string) => JSON.parse(out).headers.Authorization],
  ['header', (out: string) => out.trim().slice('Authorization: '.length)],
  ['value', (out: string) => out.trim()],
  ['curl', (out: string) => /-H 'Authorization: (.*?)'/.exec(out)![1]],
])('pattern 8: get --no-redaction --format %s shows it and warns', async (format, read) => {
  const { world, token } = await setUp();
  const { stdout, stderr } = await world.sig(['get', 'jira-example', '--no-redaction', '--format', format]);
  expect(read(stdout)).toBe(`Bearer ${token}`);
  expect(stderr).toContain('whoever can read it can act as you');
  const records = JSON.parse((await world.sig(['audit', '--json'])).stdout);
  expect(records.at(-1)).toMatchObject({ event: 'reveal', provider: 'jira-example', format });
});

test('R18: an agent is refused the secret itself', async () => {
  const { world, token } = await setUp();
  const { code, stdout, stderr } = await world.sig(['get', 'jira-example', '--no-redaction'], {
    env: { SIG_AGENT: '1' },
  });
  expect(code).toBe(5);
  expect(findLeaks(token, { stdout, stderr })).toEqual([]);
  expect((await world.sig(['get', 'jira-example'], { env: { SIG_AGENT: '1' } })).code).toBe(0);
});

test('get takes a URL', async () => {
  const { world } = await setUp();
  expect((await world.sig(['get', 'https://jira.example/x'])).code).toBe(0);
  expect((await world.sig(['get', 'https://other.example/'])).code).toBe(3);
});

test('pattern 7: logout and get fetch a fresh token without a person', async () => {
  const issuer = await useIssuer();
  const config =
    `providers:\n  api-example:\n    domains: [api.example]\n    strategy: oauth2\n    tokenUrl: ${issuer.tokenUrl}\n`;
  const world = await useWorld(config, { SIG_EXTRA_CA: issuer.caFile });
  const { id, secret } = issuer.basicClient;
  await world.sig(['login', 'api-example', '--client-id', id, '--client-secret-stdin'], { stdin: secret });
  const token = async () =>
    JSON.parse((await world.sig(['get', 'api-example', '--no-redaction'])).stdout).headers.Authorization;
  const first = await token();
  expect((await world.sig(['logout', 'api-example'])).code).toBe(0);
  const second = await token();
  expect(second).toMatch(/^Bearer \S+$/);
  expect(second).not.toBe(first);
});

test('get of a provider that only a person can log in to exits 4 and opens nothing', async () => {
  const { world } = await setUp();
  await world.sig(['logout', 'jira-example']);
  expect(await world.sig(['get', 'jira-example'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('sig login jira-example'),
  });
});
