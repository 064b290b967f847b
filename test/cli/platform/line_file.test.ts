import { closeSync, mkdirSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  countWholeBytes,
  openPrivate,
  readAt,
  readFirstLine,
  readLastLine,
  readLastLines,
  readLinesBetween,
  withFile,
  writeText,
} from '../../../cli/platform/line_file.ts';
import { makeTempFolder, type TempFolder } from '../../_lib/temp_folder.ts';

const hasModes = process.platform !== 'win32';
if (!hasModes) console.info('Skipped: file modes and links, which Windows does not have without a privilege');
let temp: TempFolder;
let folder: string;
let path: string;
beforeEach(async () => {
  temp = await makeTempFolder();
  folder = temp.path;
  path = join(folder, 'file');
});
afterEach(() => temp.remove());

function read<T>(content: string, use: (fd: number, size: number) => T): T {
  writeFileSync(path, content);
  return withFile(path, (fd) => use(fd, statSync(path).size))!;
}

const long = 'x'.repeat(200_000);

test.each([
  ['an empty file', '', 0, undefined, undefined],
  ['a torn line', 'torn', 0, undefined, undefined],
  ['an empty line', '\n', 1, '', ''],
  ['one line', 'a\n', 2, 'a', 'a'],
  ['two lines and a torn one', 'a\nb\ntorn', 4, 'a', 'b'],
  ['long lines', `${long}\n${long}é\n${long}`, 200_001 + 200_003, long, `${long}é`],
])('countWholeBytes(), readFirstLine() and readLastLine() of %s', (_, content, whole, first, last) => {
  read(content, (fd, size) => {
    expect(countWholeBytes(fd, size)).toBe(whole);
    expect(readFirstLine(fd)).toBe(first);
    expect(readLastLine(fd, whole)).toBe(last);
  });
});

test('readFirstLine() finds a line that ends with its piece', () => {
  for (const length of [65_535, 65_536, 65_537]) {
    const line = 'y'.repeat(length);
    expect(read(`${line}\nnext\n`, readFirstLine)).toBe(line);
    expect(read(line, readFirstLine)).toBeUndefined();
  }
});

test('readLinesBetween() gives each line and its bytes', () => {
  const content = `a\n\n${long}\né\n`;
  read(`${content}torn`, (fd, size) => {
    expect([...readLinesBetween(fd, 0, size)]).toEqual([['a', 2], ['', 1], [long, 200_001], ['é', 3]]);
    expect([...readLinesBetween(fd, 2, 3)]).toEqual([['', 1]]);
    expect([...readLinesBetween(fd, 0, size + 1000)]).toHaveLength(4);
  });
});

test('readLastLines() gives the last lines in order, however long', () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${'z'.repeat(i % 100)}`);
  read(`${lines.join('\n')}\n`, (fd, size) => {
    for (const count of [1, 2, 50, 4999, 5000, 9999]) {
      expect(readLastLines(fd, size, count)).toEqual(lines.slice(-count));
    }
  });
  read(`${long}${long}\n`, (fd, size) => expect(readLastLines(fd, size, 3)).toEqual([long + long]));
  read('', (fd) => expect(readLastLines(fd, 0, 3)).toEqual([]));
});

test('writeText() and readAt() reach a place in the file', () => {
  const fd = openPrivate(path, false);
  writeText(fd, 'hello world');
  writeText(fd, 'W', 6);
  expect(readAt(fd, 6, 100).toString()).toBe('World');
  expect(readAt(fd, 100, 5)).toHaveLength(0);
  closeSync(fd);
});

test('openPrivate() appends, whatever the position', () => {
  for (const text of ['a', 'b']) {
    const fd = openPrivate(path, true);
    writeText(fd, text);
    closeSync(fd);
  }
  expect(readFileSync(path, 'utf8')).toBe('ab');
});

test.runIf(hasModes)('S19: openPrivate() makes files of mode 0600 under any umask', () => {
  for (const umask of [0o000, 0o022, 0o077, 0o277, 0o777]) {
    const before = process.umask(umask);
    try {
      const file = join(folder, `file-${umask}`);
      closeSync(openPrivate(file, true));
      expect(statSync(file).mode & 0o777, umask.toString(8)).toBe(0o600);
    } finally {
      process.umask(before);
    }
  }
});

test.runIf(hasModes)('S20: openPrivate() refuses a file that others may read', () => {
  writeFileSync(path, '', { mode: 0o644 });
  expect(() => openPrivate(path, true)).toThrow(expect.objectContaining({ code: 'E_PERMISSIONS' }));
});

test.runIf(hasModes)('S21: openPrivate() follows no symbolic link and leaves its target alone', () => {
  const target = join(folder, 'target');
  writeFileSync(target, 'precious', { mode: 0o600 });
  symlinkSync(target, path);
  expect(() => openPrivate(path, true)).toThrow();
  expect(readFileSync(target, 'utf8')).toBe('precious');
});

test.runIf(hasModes)('openPrivate() refuses a folder', () => {
  mkdirSync(path);
  expect(() => openPrivate(path, true)).toThrow();
});

test('withFile() says nothing for a file that is not there, and closes the one that is', () => {
  expect(withFile(join(folder, 'nothing'), () => 1)).toBeUndefined();
  writeFileSync(path, 'x');
  const fd = withFile(path, (open) => open)!;
  expect(() => readAt(fd, 0, 1)).toThrow();
  const again = openSync(path, 'r');
  expect(again).toBe(fd);
  closeSync(again);
});
