import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { createMemoryStore } from '../../../src/vault/memory_store.ts';
import { testStore } from '../../_lib/store_cases.ts';

testStore('createMemoryStore()', createMemoryStore);

test('createMemoryStore() names what is set aside by its clock', async () => {
  const store = createMemoryStore(() => 0);
  await store.put('a/x', encodeUtf8('1'));
  expect(await store.setAside('a/x')).toBe('a/x.corrupt-19700101-000000');
});
