import { appendFileSync, openSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { followFile, readFiles } from '../../../cli/platform/audit_reader.ts';
import { readAt } from '../../../cli/platform/line_file.ts';
import { useFolder } from '../../_lib/lab.ts';

async function open(...contents: string[]): Promise<{ fd: number; size: number }[]> {
  const folder = await useFolder();
  return contents.map((content, i) => {
    const path = join(folder, String(i));
    writeFileSync(path, content);
    return { fd: openSync(path, 'r'), size: statSync(path).size };
  });
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test('readFiles() gives the lines of all files in order and closes them', async () => {
  const files = await open('a\nb\n', '', 'c\ntorn');
  expect(await collect(readFiles(files))).toEqual(['a', 'b', 'c']);
  for (const { fd } of files) expect(() => readAt(fd, 0, 1)).toThrow();
});

test('readFiles() reads a file up to the size it had', async () => {
  const [file] = await open('a\nb\nc\n');
  expect(await collect(readFiles([{ ...file!, size: 4 }]))).toEqual(['a', 'b']);
});

test('readFiles() closes its files when its reader stops early', async () => {
  const files = await open('a\nb\n', 'c\n');
  for await (const line of readFiles(files)) {
    expect(line).toBe('a');
    break;
  }
  for (const { fd } of files) expect(() => readAt(fd, 0, 1)).toThrow();
});

test('followFile() gives whole lines as they come, through a rotation', async () => {
  const folder = await useFolder();
  const path = join(folder, 'log');
  writeFileSync(path, 'old\n');
  const controller = new AbortController();
  const lines = followFile(folder, 'log', controller.signal);
  // The follower is at work from its first request on; what is there by then is not new.
  const first = lines.next();
  appendFileSync(path, 'a\nhal');
  expect((await first).value).toBe('a');
  const second = lines.next();
  appendFileSync(path, 'f\n');
  expect((await second).value).toBe('half');
  appendFileSync(path, 'last\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'new\n');
  expect((await lines.next()).value).toBe('last');
  expect((await lines.next()).value).toBe('new');
  const end = lines.next();
  controller.abort();
  expect((await end).done).toBe(true);
});

test('followFile() waits for a file that is not there yet', async () => {
  const folder = await useFolder();
  const controller = new AbortController();
  const lines = followFile(folder, 'log', controller.signal);
  const first = lines.next();
  writeFileSync(join(folder, 'log'), 'a\n');
  expect((await first).value).toBe('a');
  controller.abort();
  await lines.return();
});

test('followFile() makes a folder that is not there yet, and ends at once when it is not wanted any more', async () => {
  const folder = await useFolder();
  expect(await collect(followFile(join(folder, 'new'), 'log', AbortSignal.abort()))).toEqual([]);
  const controller = new AbortController();
  const lines = followFile(join(folder, 'new'), 'log', controller.signal);
  const first = lines.next();
  writeFileSync(join(folder, 'new/log'), 'a\n');
  expect((await first).value).toBe('a');
  controller.abort();
  await lines.return();
});
