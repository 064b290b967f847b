import process from 'node:process';
import { expect, test } from 'vitest';
import { createOwnerCheck } from '../../../../cli/platform/proxy/socket_owner.ts';

const line = (local: string, remote: string, uid: number, state = '01') =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 1 1 0000 20 4 30 10 -1\n`;
const isSameUser = (at: typeof ends, uid: number, read: (path: string) => Promise<string>) =>
  createOwnerCheck(uid, read)(at);
const ends = { remotePort: 0xabcd, localPort: 0x1f90 };
const table = (tcp: string, tcp6 = '') => (path: string) => Promise.resolve(path.endsWith('6') ? tcp6 : tcp);

test.skipIf(process.platform !== 'linux')(
  'P4: createOwnerCheck() reads the owner of the other end from the kernel',
  async () => {
    const own = line('0100007F:ABCD', '0100007F:1F90', 1000);
    expect(await isSameUser(ends, 1000, table(own))).toBe(true);
    expect(await isSameUser(ends, 1001, table(own))).toBe(false);
    // IPv4 through a socket of IPv6, as Java does it.
    expect(
      await isSameUser(
        ends,
        1000,
        table('', line('0000000000000000FFFF00000100007F:ABCD', '0000000000000000FFFF00000100007F:1F90', 1000)),
      ),
    ).toBe(true);
  },
);

test('P4: createOwnerCheck() says no to what it cannot see, to other states and to other addresses', async () => {
  expect(await isSameUser(ends, 1000, table(''))).toBe(false);
  expect(await isSameUser(ends, 1000, () => Promise.reject(new Error('no /proc')))).toBe(false);
  expect(await isSameUser(ends, 1000, table(line('0100007F:ABCD', '0100007F:1F90', 1000, '06')))).toBe(false);
  expect(await isSameUser(ends, 1000, table(line('0200A8C0:ABCD', '0100007F:1F90', 1000)))).toBe(false);
});

test.skipIf(process.platform !== 'linux')(
  'P9: createOwnerCheck() reads a table once for all who ask, and never an old one',
  async () => {
    const reads: ((text: string) => void)[] = [];
    const check = createOwnerCheck(1000, (path) => {
      if (path.endsWith('6')) return Promise.resolve('');
      return new Promise((resolve) => reads.push(resolve));
    });
    const first = check({ remotePort: 1, localPort: 9 });
    await Promise.resolve();
    // These connections were made after the reading began: it may not have seen them.
    const later = [2, 3, 4, 5].map((remotePort) => check({ remotePort, localPort: 9 }));
    await Promise.resolve();
    expect(reads).toHaveLength(1);
    const lines = [1, 2, 3, 4].map((port) => line(`0100007F:000${port}`, '0100007F:0009', 1000)).join('');
    reads[0]!(lines.slice(0, lines.length / 4));
    expect(await first).toBe(true);
    await expect.poll(() => reads.length).toBe(2);
    reads[1]!(lines);
    expect(await Promise.all(later)).toEqual([true, true, true, false]);
  },
);
