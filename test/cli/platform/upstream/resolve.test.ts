import { expect, test } from 'vitest';
import { checkUnresolved, type Lookup, resolveHost, systemLookup } from '../../../../cli/platform/upstream/resolve.ts';

function answering(...addresses: string[]): Lookup {
  return () => Promise.resolve(addresses);
}

test('resolveHost() answers with all addresses of a public host', async () => {
  expect(await resolveHost('a.test', false, answering('93.184.216.34', '2606:2800:220:1::1'))).toEqual([
    '93.184.216.34',
    '2606:2800:220:1::1',
  ]);
});

test('resolveHost() looks a name up once, and an address never', async () => {
  let count = 0;
  const lookup = () => Promise.resolve([`93.184.216.${++count}`]);
  expect(await resolveHost('a.test', false, lookup)).toEqual(['93.184.216.1']);
  expect(await resolveHost('93.184.216.34', false, lookup)).toEqual(['93.184.216.34']);
  expect(await resolveHost('[2606:2800:220:1::1]', false, lookup)).toEqual(['2606:2800:220:1::1']);
  expect(count).toBe(1);
});

test.each([
  '127.0.0.1',
  '127.8.9.10',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.1.1',
  '::1',
  '::',
  'fe80::1',
  'fc00::1',
  'fd12:3456::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::10.0.0.1',
  '2002:a00:1::1',
  'ff02::1',
])('H15: a host that resolves to %s is refused unless private addresses are allowed', async (address) => {
  await expect(resolveHost('a.test', false, answering(address))).rejects.toMatchObject({ code: 'E_PRIVATE_ADDRESS' });
  expect(await resolveHost('a.test', true, answering(address))).toEqual([address]);
});

test.each(['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe'])(
  'H15: a host that resolves to %s is refused always',
  async (address) => {
    for (const allowed of [false, true]) {
      await expect(resolveHost('a.test', allowed, answering(address))).rejects.toMatchObject({
        code: 'E_PRIVATE_ADDRESS',
      });
    }
  },
);

test('H14: one bad address among good ones refuses the host', async () => {
  for (const bad of ['10.0.0.1', '169.254.169.254', '::1']) {
    await expect(resolveHost('a.test', false, answering('93.184.216.34', bad))).rejects.toMatchObject({
      code: 'E_PRIVATE_ADDRESS',
      message: expect.stringContaining(bad),
    });
  }
});

test.each(['metadata.google.internal', 'metadata.goog'])('H15: %s is refused without a look-up', async (host) => {
  const lookup = () => Promise.reject(new Error('looked up'));
  await expect(resolveHost(host, true, lookup)).rejects.toMatchObject({ code: 'E_PRIVATE_ADDRESS' });
  expect(() => checkUnresolved(host, true)).toThrow('credential service');
});

test('H15: checkUnresolved() judges addresses that a proxy would dial', () => {
  expect(() => checkUnresolved('169.254.169.254', true)).toThrow('credential service');
  expect(() => checkUnresolved('[::1]', false)).toThrow('loopback');
  expect(() => checkUnresolved('10.0.0.1', false)).toThrow('private');
  checkUnresolved('10.0.0.1', true);
  checkUnresolved('a.test', false);
});

test('resolveHost() says that a name is not found, with its cause', async () => {
  const cause = new Error('ENOTFOUND');
  await expect(resolveHost('a.test', false, () => Promise.reject(cause))).rejects.toMatchObject({
    code: 'E_UPSTREAM',
    cause,
  });
  await expect(resolveHost('a.test', false, answering())).rejects.toMatchObject({ code: 'E_UPSTREAM' });
});

test('systemLookup() finds localhost', async () => {
  const addresses = await systemLookup('localhost');
  expect(addresses.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
});
