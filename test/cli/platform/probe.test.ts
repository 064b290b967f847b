import { Buffer } from 'node:buffer';
import { get } from 'node:https';
import { expect, onTestFinished, test } from 'vitest';
import { probePrograms, startProbeServer } from '../../../cli/platform/probe.ts';
import { createLeafIssuer, mintAuthority } from '../../../src/proxy/leaf_issuer.ts';
import { needCommands } from '../../_lib/command.ts';

async function start() {
  const clock = { now: () => Date.now() };
  const { authority } = await mintAuthority(['localhost'], 'test', clock);
  const issuer = createLeafIssuer(authority, clock);
  const server = await startProbeServer(await issuer.issue('localhost'), 'Bearer right');
  onTestFinished(server.close);
  const ask = (path: string, authorization: string) =>
    new Promise<string>((resolve, reject) => {
      const options = {
        host: 'localhost',
        port: server.port,
        path,
        ca: issuer.certificatesPem,
        headers: { authorization },
      };
      get(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (bytes) => chunks.push(bytes));
        response.on('end', () => resolve(`${response.statusCode} ${Buffer.concat(chunks)}`));
      }).on('error', reject);
    });
  return { server, ask };
}

test('startProbeServer() takes note of requests with the login only', async () => {
  const { server, ask } = await start();
  expect(await ask('/curl', 'Bearer wrong')).toBe('401 ');
  expect(server.wasReached('curl')).toBe(false);
  expect(await ask('/git/info/refs', 'Bearer right')).toMatch(/^200 1{40}\trefs/);
  expect([server.wasReached('git'), server.wasReached('curl')]).toEqual([true, false]);
});

test('probePrograms() says why a program does not work', async ({ skip }) => {
  needCommands(skip, 'curl');
  const { server } = await start();
  // No proxy there, and no CA to trust.
  const findings = await probePrograms(server, { HTTPS_PROXY: '', https_proxy: '', NODE_EXTRA_CA_CERTS: '' });
  const curl = findings.find((finding) => finding.check === 'curl');
  expect(curl).toMatchObject({ state: 'warning', message: expect.stringMatching(/no login reached.*certificate/i) });
  expect(findings.filter((finding) => finding.state === 'ok')).toEqual([]);
}, 60_000);
