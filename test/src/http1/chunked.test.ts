import { expect, test } from 'vitest';
import { createChunkScan, scanChunks } from '../../../src/http1/chunked.ts';
import { fromLatin1, latin1 } from '../../_lib/http1.ts';

function scan(text: string, maxBodyBytes = Infinity): { content: string; rest: string } {
  const bytes = latin1(text);
  const chunks = createChunkScan();
  const where = { start: 0, end: 0 };
  let content = '';
  let at = 0;
  while (at < bytes.length && !chunks.atTrailers) {
    at = scanChunks(chunks, bytes, at, bytes.length, where, maxBodyBytes);
    content += fromLatin1(bytes.subarray(where.start, where.end));
  }
  return { content, rest: text.slice(at) };
}

test('scanChunks() finds the content and stops where the trailers begin', () => {
  expect(scan('5\r\nhello\r\nB;x\r\n, you there\r\n0\r\nA: b\r\n\r\n')).toEqual({
    content: 'hello, you there',
    rest: 'A: b\r\n\r\n',
  });
});

test('scanChunks() refuses a body over its limit before it comes', () => {
  expect(() => scan('5\r\n', 4)).toThrow('the body is longer than allowed');
});

test('P11: scanChunks() refuses extensions without end', () => {
  expect(() => scan(`${'1;aaaaaaaaaaaaaaaa\r\nx\r\n'.repeat(500)}0\r\n`)).toThrow('extensions are too long');
});

test.each(['80000000\r\n', '123456789\r\n'])('X2: scanChunks(%j) is too large', (text) => {
  expect(() => scan(text)).toThrow(/chunk/);
});
