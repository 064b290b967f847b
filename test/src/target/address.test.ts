import { BlockList, isIP } from 'node:net';
import { expect, test } from 'vitest';
import { addressBytes, classifyAddress } from '../../../src/target/address.ts';

test.each([
  ['169.254.169.254', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['169.254.170.23', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['192.0.0.192', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['fd00:ec2::23', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['::ffff:169.254.169.254', 'metadata'],
  ['::ffff:a9fe:a9fe', 'metadata'],
  ['::169.254.169.254', 'metadata'],
  ['64:ff9b::169.254.169.254', 'metadata'],
  ['2002:a9fe:a9fe::1', 'metadata'],
  ['2001:0:1234:5678:0:ffff:5601:5601', 'metadata'],
  ['0:0:0:0:0:ffff:a9fe:a9fe', 'metadata'],
  ['FD00:EC2:0:0:0:0:0:254', 'metadata'],
])('H15: classifyAddress(%j) is %s', (address, kind) => {
  expect(classifyAddress(address)).toBe(kind);
});

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['0.0.0.0', 'loopback'],
  ['0.1.2.3', 'loopback'],
  ['::1', 'loopback'],
  ['::', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['2002:7f00:1::', 'loopback'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['169.254.1.1', 'private'],
  ['192.0.0.1', 'private'],
  ['192.0.2.1', 'private'],
  ['198.18.0.1', 'private'],
  ['198.51.100.1', 'private'],
  ['203.0.113.1', 'private'],
  ['224.0.0.1', 'private'],
  ['240.0.0.1', 'private'],
  ['255.255.255.255', 'private'],
  ['fc00::1', 'private'],
  ['fdff::1', 'private'],
  ['fe80::1', 'private'],
  ['fe80::1%eth0', 'private'],
  ['fec0::1', 'private'],
  ['ff02::1', 'private'],
  ['2001:db8::1', 'private'],
  ['3fff::1', 'private'],
  ['100::1', 'private'],
  ['64:ff9b:1::8.8.8.8', 'private'],
  ['::ffff:10.0.0.1', 'private'],
  ['::2', 'private'],
  ['5f00::1', 'private'],
  ['8.8.8.8', 'public'],
  ['172.15.0.1', 'public'],
  ['172.32.0.1', 'public'],
  ['100.63.0.1', 'public'],
  ['100.128.0.1', 'public'],
  ['198.17.0.1', 'public'],
  ['198.51.101.1', 'public'],
  ['2606:4700::1111', 'public'],
  ['2a00:1450:4001::1', 'public'],
  ['::ffff:8.8.8.8', 'public'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['2002:808:808::1', 'public'],
  ['3fff:1000::1', 'public'],
])('H15: classifyAddress(%j) is %s', (address, kind) => {
  expect(classifyAddress(address)).toBe(kind);
});

test.each([
  '',
  'localhost',
  'ex.com',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '1.2.3.-4',
  '01.2.3.4',
  '0177.0.0.1',
  '0x7f.0.0.1',
  '2130706433',
  ' 8.8.8.8',
  '8.8.8.8 ',
  '8.8.8.8\n',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  'g::1',
  '12345::1',
  '::1.2.3',
  '::1.2.3.256',
  '1:2',
  '8.8.8.8:53',
  '::8.8.8.8:1',
])('classifyAddress(%j), which is no address, is not public', (address) => {
  expect(classifyAddress(address)).toBe('private');
  expect(() => addressBytes(address)).toThrow(TypeError);
});

test('H15: classifyAddress() agrees with an independent list of ranges on 20,000 addresses', () => {
  const special = new BlockList();
  for (
    const [network, prefix] of [
      ['0.0.0.0', 8],
      ['10.0.0.0', 8],
      ['100.64.0.0', 10],
      ['127.0.0.0', 8],
      ['169.254.0.0', 16],
      ['172.16.0.0', 12],
      ['192.0.0.0', 24],
      ['192.0.2.0', 24],
      ['192.168.0.0', 16],
      ['198.18.0.0', 15],
      ['198.51.100.0', 24],
      ['203.0.113.0', 24],
      ['224.0.0.0', 3],
    ] as const
  ) special.addSubnet(network, prefix, 'ipv4');
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const firsts = [0, 10, 100, 127, 169, 172, 192, 198, 203, 224, 255];
  for (let i = 0; i < 20_000; i++) {
    const first = i % 2 ? random(256) : firsts[random(firsts.length)]!;
    const second = i % 3 ? random(256) : [0, 2, 16, 18, 31, 51, 64, 100, 127, 168, 254][random(11)]!;
    const address = [first, second, i % 5 ? random(256) : [0, 2, 100, 113][random(4)]!, random(256)].join('.');
    const kind = classifyAddress(address);
    if (kind === 'metadata') continue;
    expect(kind !== 'public', address).toBe(special.check(address, 'ipv4'));
    expect(classifyAddress(`::ffff:${address}`), address).toBe(kind);
  }
});

test('addressBytes() writes addresses as certificates carry them', () => {
  expect([...addressBytes('1.2.3.255')]).toEqual([1, 2, 3, 255]);
  expect([...addressBytes('[::1]')]).toEqual([...Array(15).fill(0), 1]);
  expect([...addressBytes('2001:DB8::1.2.3.4')]).toEqual([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
  expect(addressBytes('1:2:3:4:5:6:7:8')).toHaveLength(16);
});

test('addressBytes() takes an IPv6 address exactly when the platform does', () => {
  const words = ['', '0', '1', 'ffff', 'fffff', 'g', '1.2.3.4', '01'];
  for (let i = 0; i < 5000; i++) {
    const text = Array.from({ length: 2 + (i % 8) }, (_, j) => words[(i * 7 + j * (i % 11)) % words.length]).join(':');
    const isAddress = isIP(text) === 6;
    if (isAddress) expect(addressBytes(text), text).toHaveLength(16);
    else expect(() => addressBytes(text), text).toThrow(TypeError);
  }
});
