import { expect, test } from 'vitest';
import { SigError } from '../../../src/errors.ts';
import { type Learned, withLearned } from '../../../src/sig/learned.ts';
import { memoryVault } from '../../_lib/fixture.ts';

const entry = (nonce: string, atMs: number) => ({ role: 'RS' as const, origin: 'https://a.example', nonce, atMs });

test('withLearned() keeps what servers taught, also when the work fails', async () => {
  const vault = memoryVault();
  const failing = withLearned(vault, 'agent/nonces', (learned) => {
    learned.nonces.put(entry('n1', 1));
    learned.clockOffsets.set('https://a.example', 5000);
    return Promise.reject(new Error('work'));
  });
  await expect(failing).rejects.toThrow('work');
  const found = await withLearned(
    vault,
    'agent/nonces',
    ({ nonces, clockOffsets }) =>
      Promise.resolve([nonces.get('RS', 'https://a.example'), clockOffsets.get('https://a.example')]),
  );
  expect(found).toEqual(['n1', 5000]);
});

test('withLearned() writes nothing when nothing was learnt', async () => {
  const vault = memoryVault();
  await withLearned(vault, 'agent/nonces', () => Promise.resolve());
  expect(await vault.open('agent/nonces')).toBeUndefined();
});

test('of two that learn at once the newest nonce stays', async () => {
  const vault = memoryVault();
  await withLearned(vault, 'agent/nonces', async (outer) => {
    outer.nonces.put(entry('old', 1));
    await withLearned(vault, 'agent/nonces', (inner) => {
      inner.nonces.put(entry('new', 2));
      return Promise.resolve();
    });
  });
  expect(
    await withLearned(vault, 'agent/nonces', ({ nonces }) => Promise.resolve(nonces.get('RS', 'https://a.example'))),
  ).toBe('new');
});

test.each([null, 7, { nonces: 'x', clockOffsets: 7 }, {
  nonces: [null, { role: 'X' }],
  clockOffsets: [[1, 2], ['a']],
}])(
  'withLearned() leaves out what it cannot read: %o',
  async (value) => {
    const vault = memoryVault();
    await vault.seal('agent/nonces', value);
    const found = await withLearned(
      vault,
      'agent/nonces',
      ({ nonces, clockOffsets }) => Promise.resolve([nonces.entries(), [...clockOffsets]]),
    );
    expect(found).toEqual([[], []]);
  },
);

test('withLearned() loses no answer when the record cannot be opened or written', async () => {
  const fail = () => Promise.reject(new SigError('E_STORE', 'the disk is full'));
  const work = (learned: Learned) => {
    learned.nonces.put(entry('n1', 1));
    return Promise.resolve('answer');
  };
  expect(await withLearned({ open: fail, update: fail }, 'agent/nonces', work)).toBe('answer');
});
