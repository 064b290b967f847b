import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTrust } from '../../../../cli/platform/upstream/trust.ts';
import { useFolder, useServer } from '../../../_lib/lab.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

test.each(['SIG_EXTRA_CA', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'DENO_CERT'])(
  'T4: the CAs of %s are trusted beside the others',
  async (variable) => {
    const server = await useServer();
    const route = { target: targetOf(server.origin), owner: '', allowPrivate: true };
    const upstream = useUpstream({ env: (name) => (name === variable ? server.caFile : undefined) });
    expect((await exchange(upstream, route)).body).toBe('ok');
    expect((await exchange(useUpstream(), route)).error).toMatchObject({ code: 'E_UPSTREAM_TLS' });
  },
);

test('T4: a caFile counts for its own route and no other', async () => {
  const server = await useServer();
  const route = { target: targetOf(server.origin), owner: '', allowPrivate: true };
  const upstream = useUpstream();
  expect((await exchange(upstream, { ...route, caFile: server.caFile })).body).toBe('ok');
  expect((await exchange(upstream, route)).error).toMatchObject({ code: 'E_UPSTREAM_TLS' });
});

test('contextFor() makes one context for each file', async () => {
  const server = await useServer();
  const trust = createTrust(() => undefined);
  expect(await trust.contextFor(undefined)).toBe(await trust.contextFor(undefined));
  expect(await trust.contextFor(server.caFile)).not.toBe(await trust.contextFor(undefined));
});

test('contextFor() refuses our own files that hold no certificate, naming them, and reads them again', async () => {
  const file = join(await useFolder(), 'ca.pem');
  const server = await useServer();
  const trust = createTrust(() => undefined);
  await expect(trust.contextFor(file)).rejects.toMatchObject({
    code: 'E_UPSTREAM_TLS',
    message: `Cannot use "${file}" (caFile): it cannot be read`,
  });
  await writeFile(file, 'nothing');
  await expect(trust.contextFor(file)).rejects.toThrow('(caFile): it holds no PEM certificate');
  await writeFile(file, server.caPem);
  await trust.contextFor(file);
  const mine = createTrust((name) => (name === 'SIG_EXTRA_CA' ? `${file}.no` : undefined));
  await expect(mine.contextFor(undefined)).rejects.toThrow('(SIG_EXTRA_CA): it cannot be read');
});

test('contextFor() goes on without a borrowed file that is not there, as its runtime does', async () => {
  const trust = createTrust((name) => (name === 'NODE_EXTRA_CA_CERTS' ? '/nowhere/ca.pem' : undefined));
  await trust.contextFor(undefined);
});
