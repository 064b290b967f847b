import { expect, test } from 'vitest';
import type { Taught } from '../../../src/dpop/attempt.ts';
import type { Exchange } from '../../../src/sig/sig.ts';
import { remembering } from '../../../src/sig/remember.ts';
import { answer, fixedClock, headOf, memoryVault, NOW_MS } from '../../_lib/fixture.ts';

const head = headOf('https://api.example.com/');
const entry = { role: 'RS', origin: 'https://api.example.com', nonce: 'n1', atMs: NOW_MS } as const;

test('remembering() gives the next program what servers taught this one, also by a refusal', async () => {
  const vault = memoryVault();
  const seen: (string | undefined)[] = [];
  const make = (isRefused: boolean) => (taught: Taught) => ({
    request: (): Promise<Exchange> => {
      seen.push(taught.nonces.get('RS', entry.origin));
      taught.nonces.put(entry);
      if (isRefused) return Promise.reject(new Error('send it again'));
      return Promise.resolve({ response: answer(204), head, providers: [] });
    },
    fetch: () => Promise.reject(new Error('unused')),
  });
  await expect(remembering(vault, fixedClock(), make(true)).request(head, null)).rejects.toThrow('send it again');
  const sig = remembering(vault, fixedClock(), make(false));
  await sig.request(head, null);
  expect((await sig.fetch(new Request('https://api.example.com/'))).status).toBe(204);
  expect(seen).toEqual([undefined, 'n1', 'n1']);
});
