import { expect, test, vi } from 'vitest';
import { createLeafContexts } from '../../../../cli/platform/proxy/leaf_contexts.ts';
import { createLeafIssuer, mintAuthority } from '../../../../src/proxy/leaf_issuer.ts';

const clock = { now: () => Date.now() };

async function setUp(now = Date.now) {
  const { authority } = await mintAuthority(['example.com'], 'test', clock);
  const issuer = createLeafIssuer(authority, clock);
  const leaf = vi.fn((host: string) => issuer.issue(host));
  return { leaf, contexts: createLeafContexts(leaf, now) };
}

test('T10: createLeafContexts() makes one context a host, and keeps a bounded number', async () => {
  const { leaf, contexts } = await setUp();
  const [first, second] = await Promise.all([contexts.contextFor('example.com'), contexts.contextFor('example.com')]);
  expect(second).toBe(first);
  for (let i = 0; i < 513; i++) await contexts.contextFor(`h${i}.example.com`);
  expect(leaf).toHaveBeenCalledTimes(514);
  expect(await contexts.contextFor('example.com')).not.toBe(first);
});

test('T11: createLeafContexts() makes a leaf anew before it expires, and after clear()', async () => {
  let nowMs = Date.now();
  const { leaf, contexts } = await setUp(() => nowMs);
  await contexts.contextFor('example.com');
  nowMs += 6 * 86_400_000;
  await contexts.contextFor('example.com');
  contexts.clear();
  await contexts.contextFor('example.com');
  expect(leaf).toHaveBeenCalledTimes(3);
});

test('createLeafContexts() does not keep a failure', async () => {
  const { leaf, contexts } = await setUp();
  leaf.mockRejectedValueOnce(new Error('once'));
  await expect(contexts.contextFor('example.com')).rejects.toThrow('once');
  await contexts.contextFor('example.com');
});
