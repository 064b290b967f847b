import { expect, test } from 'vitest';
import * as door from '../../../src/agent_id/mod.ts';
import { createVault } from '../../../src/vault/vault.ts';

test('the door opens to an identity, its calls and what services publish, and to nothing else', () => {
  expect(Object.keys(door).sort()).toEqual([
    'Secret',
    'SigError',
    'callService',
    'createAgent',
    'createMemoryStore',
    'createVault',
    'fetchManifest',
    'isSigError',
    'needsConfirmation',
    'parseManifest',
    'planOperation',
    'probeSupport',
    'renderCapabilities',
    'sendByFetch',
    'signHeaders',
  ]);
  expect(door.createVault).toBe(createVault);
});
