import process from 'node:process';
import { expect, test } from 'vitest';
import { isSameUser, readTable } from '../../../../cli/platform/proxy/socket_owner.ts';

const line = (local: string, remote: string, uid: number, state = '01') =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 1 1 0000 20 4 30 10 -1\n`;
const ends = { remotePort: 0xabcd, localPort: 0x1f90 };
const table = (tcp: string, tcp6 = '') => (path: string) => Promise.resolve(path.endsWith('6') ? tcp6 : tcp);

test.skipIf(process.platform !== 'linux')(
  'P4: isSameUser() reads the owner of the other end from the kernel',
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

test('P4: isSameUser() says no to what it cannot see, to other states and to other addresses', async () => {
  expect(await isSameUser(ends, 1000, table(''))).toBe(false);
  expect(await isSameUser(ends, 1000, () => Promise.reject(new Error('no /proc')))).toBe(false);
  expect(await isSameUser(ends, 1000, table(line('0100007F:ABCD', '0100007F:1F90', 1000, '06')))).toBe(false);
  expect(await isSameUser(ends, 1000, table(line('0200A8C0:ABCD', '0100007F:1F90', 1000)))).toBe(false);
  expect(await isSameUser(ends, undefined, table(line('0100007F:ABCD', '0100007F:1F90', 1000)))).toBe(false);
});

test('P4: readTable() gives no connection a reading that began before it, and those that wait one in common', async () => {
  const ends: ((text: string) => void)[] = [];
  const read = () => new Promise<string>((resolve) => ends.push(resolve));
  const first = readTable('/proc/a', read);
  const [second, third] = [readTable('/proc/a', read), readTable('/proc/a', read)];
  const other = readTable('/proc/b', read);
  expect(ends.length).toBe(2);
  ends[0]!('one');
  expect(await first).toBe('one');
  await Promise.resolve();
  expect(ends.length).toBe(3);
  ends[2]!('two');
  ends[1]!('other');
  expect(await Promise.all([second, third, other])).toEqual(['two', 'two', 'other']);
});

test('P4: readTable() reads again after a failure', async () => {
  const failing = readTable('/proc/c', () => Promise.reject(new Error('busy')));
  const next = readTable('/proc/c', () => Promise.resolve('text'));
  await expect(failing).rejects.toThrow('busy');
  expect(await next).toBe('text');
});
