import { expect, test } from 'vitest';
import { createHeadScan, readFields, readText, resetHeadScan, scanHead } from '../../../src/http1/head_scan.ts';
import { REQUEST_LIMITS } from '../../../src/http1/limits.ts';
import { latin1 } from '../../_lib/http1.ts';

test('scanHead() goes on where the bytes ended, and judges the first line once', () => {
  const bytes = latin1('xxGET\r\nA: b\r\nLong-Name:\t \xe4 c \r\n\r\nrest');
  const scan = createHeadScan('request');
  const lines: string[] = [];
  const check = (all: Uint8Array, start: number, end: number) => {
    lines.push(String.fromCharCode(...all.subarray(start, end)));
  };
  let end = 2;
  while (!scanHead(scan, bytes, 2, end, REQUEST_LIMITS, check)) end++;
  expect(lines).toEqual(['GET']);
  expect(2 + scan.position).toBe(bytes.length - 4);
  expect(readFields(scan, readText(scan, bytes, 2))).toEqual([['A', 'b'], ['Long-Name', '\xe4 c']]);
});

test('scanHead() skips one empty line before a request, and none before a response', () => {
  const bytes = latin1('\r\nA\r\n\r\n');
  const scan = createHeadScan('request');
  expect(scanHead(scan, bytes, 0, bytes.length, REQUEST_LIMITS, () => {})).toBe(true);
  expect([scan.lineStart, scan.lineEnd]).toEqual([2, 3]);
  resetHeadScan(scan, 'response');
  expect(scanHead(scan, bytes, 0, 3, REQUEST_LIMITS, () => {})).toBe(false);
  expect([scan.lineStart, scan.lineEnd]).toEqual([0, 0]);
});

test('P11: scanHead() stops at the limit whatever follows', () => {
  const limits = { ...REQUEST_LIMITS, maxHeadBytes: 20 };
  const head = 'GET / HTTP/1.1\r\n\r\n';
  const scan = createHeadScan('request');
  expect(scanHead(scan, latin1(head), 0, head.length, limits, () => {})).toBe(true);
  resetHeadScan(scan, 'request');
  const longer = latin1('GET / HTTP/1.1\r\nA:\r\n\r\n');
  expect(() => scanHead(scan, longer, 0, longer.length, limits, () => {})).toThrow('longer than allowed');
});

test('readText() keeps latin-1, where the web has windows-1252', () => {
  const bytes = latin1(`A: ${Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('')}\r\n\r\n`);
  const scan = createHeadScan('trailers');
  scanHead(scan, bytes, 0, bytes.length, REQUEST_LIMITS, () => {});
  expect(readFields(scan, readText(scan, bytes, 0))[0]![1].charCodeAt(5)).toBe(133);
});
