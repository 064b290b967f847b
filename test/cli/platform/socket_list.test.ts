import { renameSync } from 'node:fs';
import { createServer } from 'node:net';
import process from 'node:process';
import { expect, test } from 'vitest';
import { isBoundSocket } from '../../../cli/platform/socket_list.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

test('isBoundSocket() knows a socket by the name it was bound to, until it is closed', async (context) => {
  context.skip(process.platform === 'win32', 'there are no Unix sockets');
  const folder = makeTempFolder();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${folder}/n-0123456789abcdef`, resolve));
  renameSync(`${folder}/n-0123456789abcdef`, `${folder}/s-0123456789abcdef`);
  expect(isBoundSocket('n-0123456789abcdef')).toBe(true);
  for (const other of ['s-0123456789abcdef', 'n-0123456789abcde', '0123456789abcdef', '']) {
    expect(isBoundSocket(other)).toBe(false);
  }
  await new Promise((resolve) => server.close(resolve));
  expect(isBoundSocket('n-0123456789abcdef')).toBe(false);
});
