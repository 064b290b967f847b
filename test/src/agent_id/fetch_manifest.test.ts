import { expect, test } from 'vitest';
import { fetchManifest } from '../../../src/agent_id/fetch_manifest.ts';
import { answer, scriptedSend } from '../../_lib/fixture.ts';
import { EXAMPLE_MANIFEST } from '../../_lib/manifest.ts';
import { quickTimer } from '../../_lib/timer.ts';

const JSON_TYPE = [['Content-Type', 'application/json']] as const;
const timer = quickTimer();

test('fetchManifest() asks the one place, whatever the path, and names the origins', async () => {
  const send = scriptedSend(() => answer(200, EXAMPLE_MANIFEST, JSON_TYPE));
  const found = await fetchManifest('https://notes.example/deep/path?q=1', { send, timer });
  expect(found).toMatchObject({
    manifestUrl: 'https://notes.example/.well-known/alien-agent-id.json',
    allowedHost: 'notes.example',
    origins: ['https://notes.example', 'https://api.notes.example'],
  });
  expect(send.seen[0]!.head.path).toBe('/.well-known/alien-agent-id.json');
});

test('C11: fetchManifest() reads 8192 bytes and not one more', async () => {
  const text = JSON.stringify(EXAMPLE_MANIFEST);
  const padded = (size: number) => scriptedSend(() => answer(200, text.padEnd(size), JSON_TYPE));
  await expect(fetchManifest('https://notes.example', { send: padded(8192), timer })).resolves.toBeDefined();
  await expect(fetchManifest('https://notes.example', { send: padded(8193), timer })).rejects.toMatchObject({
    code: 'E_MANIFEST',
    message: expect.stringContaining('more than 8192 bytes'),
  });
});

test('C12: fetchManifest() refuses plain http, other schemes and URLs off the authority', async () => {
  const send = scriptedSend(() => answer(200, EXAMPLE_MANIFEST, JSON_TYPE));
  await expect(fetchManifest('http://notes.example', { send, timer })).rejects.toMatchObject({ code: 'E_PLAINTEXT' });
  await expect(fetchManifest('http://notes.example', { send, timer, allowInsecure: true })).rejects.toMatchObject({
    code: 'E_PLAINTEXT',
  });
  await expect(fetchManifest('ftp://notes.example', { send, timer })).rejects.toMatchObject({ code: 'E_TARGET' });
  expect(send.seen).toEqual([]);
  await expect(fetchManifest('https://other.example', { send, timer })).rejects.toMatchObject({ code: 'E_MANIFEST' });
});
