import { expect, test } from 'vitest';
import { isLoopbackHost } from '../../../src/target/host.ts';

test('isLoopbackHost() tells this machine from others', () => {
  for (const host of ['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
    expect([host, isLoopbackHost(host)]).toEqual([host, true]);
  }
  for (const host of ['localhost.example', 'example.com', '10.0.0.1', '[fd00::1]', '169.254.169.254']) {
    expect([host, isLoopbackHost(host)]).toEqual([host, false]);
  }
});
