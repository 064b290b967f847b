import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/encoding/bytes.ts';
import type { Store } from '../../src/ports.ts';

/** What every Store does. */
export function testStore(title: string, make: () => Store): void {
  const [one, two] = [encodeUtf8('one'), encodeUtf8('two')];

  test(`${title}: get() gives what put() stored, and nothing before`, async () => {
    const store = make();
    expect(await store.get('a/x')).toBeUndefined();
    const etag = await store.put('a/x', one);
    expect(await store.get('a/x')).toEqual({ bytes: one, etag });
    expect(await store.put('a/x', two)).not.toBe(etag);
    expect((await store.get('a/x'))?.bytes).toEqual(two);
  });

  test(`${title}: put() is refused when the value is no longer the expected one`, async () => {
    const store = make();
    const etag = await store.put('a/x', one, null);
    await expect(store.put('a/x', two, null)).rejects.toMatchObject({ code: 'E_CONFLICT' });
    await expect(store.put('a/x', two, 'other')).rejects.toMatchObject({ code: 'E_CONFLICT' });
    await expect(store.put('a/y', two, etag)).rejects.toMatchObject({ code: 'E_CONFLICT' });
    const next = await store.put('a/x', two, etag);
    await expect(store.put('a/x', one, etag)).rejects.toMatchObject({ code: 'E_CONFLICT' });
    expect(await store.get('a/x')).toEqual({ bytes: two, etag: next });
    expect(await store.get('a/y')).toBeUndefined();
  });

  test(`${title}: of many conditional puts at once, one succeeds`, async () => {
    const store = make();
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => store.put('a/x', encodeUtf8(`${n}`), null)),
    );
    expect(all.filter((result) => result.status === 'fulfilled').length).toBe(1);
  });

  test(`${title}: put() keeps no hold on the bytes of its caller, nor get() on what it gave`, async () => {
    const store = make();
    const bytes = encodeUtf8('abc');
    await store.put('a/x', bytes);
    bytes.fill(0);
    (await store.get('a/x'))!.bytes.fill(1);
    expect((await store.get('a/x'))?.bytes).toEqual(encodeUtf8('abc'));
  });

  test(`${title}: remove() removes, and minds nothing that is not there`, async () => {
    const store = make();
    await store.remove('a/x');
    await store.put('a/x', one);
    await store.remove('a/x');
    expect(await store.get('a/x')).toBeUndefined();
    await store.put('a/x', two, null);
  });

  test(`${title}: setAside() keeps the value under another name that list() leaves out`, async () => {
    const store = make();
    await store.put('a/x.json', one);
    const first = await store.setAside('a/x.json');
    expect(first).toContain('a/x.json.corrupt-');
    expect(await store.get('a/x.json')).toBeUndefined();
    await store.put('a/x.json', two);
    const second = await store.setAside('a/x.json');
    expect(second).not.toBe(first);
    expect(await store.list('a')).toEqual([]);
    expect((await store.get(first.slice(first.indexOf('a/x.json'))))?.bytes).toEqual(one);
    expect((await store.get(second.slice(second.indexOf('a/x.json'))))?.bytes).toEqual(two);
    await expect(store.setAside('a/x.json')).rejects.toMatchObject({ code: 'E_STORE' });
  });

  test(`${title}: list() gives the keys of one folder, sorted`, async () => {
    const store = make();
    expect(await store.list('a')).toEqual([]);
    for (const key of ['a/y', 'a/x', 'b/z', 'ab/x', 'a/x.y']) await store.put(key, one);
    expect(await store.list('a')).toEqual(['a/x', 'a/x.y', 'a/y']);
  });

  test(`${title}: lease() lets one in at a time, in order, and apart from other names`, async () => {
    const store = make();
    const order: number[] = [];
    let inside = 0;
    const other = await store.lease('a/other');
    await Promise.all(Array.from({ length: 8 }, async (_, n) => {
      const lease = await store.lease('a/x');
      expect(++inside).toBe(1);
      order.push(n);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside--;
      await lease.release();
    }));
    await other.release();
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test(`${title}: put() and remove() work under the own lease of the same name`, async () => {
    const store = make();
    const lease = await store.lease('a/x');
    const etag = await store.put('a/x', one, null);
    await store.put('a/x', two, etag);
    await Promise.all([store.put('a/x', one), store.remove('a/y')]);
    await store.remove('a/x');
    await lease.release();
    await (await store.lease('a/x')).release();
  });

  test.each(['', 'a', '../x', 'a/../x', 'A/x', 'a/x/y', 'a/\0', 'a/.x', `a/${'x'.repeat(300)}`])(
    `S22: ${title}: every member refuses the key %j`,
    async (key) => {
      const store = make();
      const calls = [
        () => store.get(key),
        () => store.put(key, one),
        () => store.remove(key),
        () => store.setAside(key),
        () => store.lease(key),
      ];
      for (const call of calls) await expect((async () => await call())()).rejects.toThrow(TypeError);
      if (key !== 'a') await expect((async () => await store.list(key))()).rejects.toThrow(TypeError);
    },
  );
}
