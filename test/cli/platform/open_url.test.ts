import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { openUrl } from '../../../cli/platform/open_url.ts';
import { needCommands } from '../../_lib/command.ts';
import { useFolder } from '../../_lib/lab.ts';

/** Programs in the place of those that open pages: they write down what they were given. */
async function useOpeners(skip: (note?: string) => never) {
  if (process.platform === 'win32') skip('the openers of this test are shell scripts');
  needCommands(skip, 'sh');
  const folder = await useFolder();
  const said = join(folder, 'said');
  for (const name of ['xdg-open', 'open']) {
    const script = `#!/bin/sh\nprintf '%s\\n' "$#" "$@" > '${said}.part'\nmv '${said}.part' '${said}'\n`;
    await writeFile(join(folder, name), script);
    await chmod(join(folder, name), 0o755);
  }
  const { PATH, DISPLAY, SSH_CONNECTION, SSH_TTY } = process.env;
  onTestFinished(() => {
    for (const [name, value] of Object.entries({ PATH, DISPLAY, SSH_CONNECTION, SSH_TTY })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  Object.assign(process.env, { PATH: `${folder}:${PATH}`, DISPLAY: ':77' });
  delete process.env.SSH_CONNECTION;
  delete process.env.SSH_TTY;
  /** How many arguments the program got, and which. */
  const given = async () => {
    for (let i = 0; i < 2000; i++) {
      const text = await readFile(said, 'utf8').catch(() => undefined);
      if (text !== undefined) return text.trimEnd().split('\n');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('nothing was opened');
  };
  const isOpened = async () => (await readdir(folder)).includes('said');
  return { folder, given, isOpened };
}

test('openUrl() gives the address to the program that opens pages, as one argument', async ({ skip }) => {
  const { given } = await useOpeners(skip);
  expect(await openUrl('https://as.example/auth?a=b&c=d%20e;f')).toBe(true);
  expect(await given()).toEqual(['1', 'https://as.example/auth?a=b&c=d%20e;f']);
});

test.each([
  ['https://as.example/$(touch${IFS}pwned)?a=$(touch pwned)', undefined],
  [
    'https://as.example/$(touch%20pwned)?q=`touch%20pwned`',
    'https://as.example/%24%28touch%20pwned%29?q=%60touch%20pwned%60',
  ],
  [`https://as.example/'"?q='";touch%20pwned;'`, 'https://as.example/%27%22?q=%27%22;touch%20pwned;%27'],
  ['https://as.example/a|b&c;d>e<f?x=|&;><', 'https://as.example/a|b&c;d%3Ee%3Cf?x=|&;%3E%3C'],
  ['http://127.0.0.1:5/--flag', 'http://127.0.0.1:5/--flag'],
])('B18: nothing of %j is executed, and the argument arrives whole', async (url, expected) => {
  const { folder, given, isOpened } = await useOpeners((note) => expect.fail(note));
  const opening = openUrl(url);
  if (expected === undefined) {
    await expect(opening).rejects.toMatchObject({ code: 'E_TARGET' });
    expect(await isOpened()).toBe(false);
  } else {
    expect(await opening).toBe(true);
    expect(await given()).toEqual(['1', expected]);
  }
  expect(await readdir(folder)).not.toContain('pwned');
  expect(await readdir('.')).not.toContain('pwned');
});

test.each([
  'http://a$(id)',
  'https://a$(id)/',
  '--flag',
  '-e',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'ssh://host',
  'https:as.example',
  '//as.example/',
  'https://as.example/ two words',
  'https://as.example/"x" "y"',
  'https://as.example\\@evil.example/',
  'https://user:pass@as.example/',
  'https://as.example/\r\nX: y',
  'https://as.example/\0',
  '',
])('B18: openUrl(%j) opens nothing', async (url) => {
  const { isOpened } = await useOpeners((note) => expect.fail(note));
  await expect(openUrl(url)).rejects.toMatchObject({ code: 'E_TARGET' });
  expect(await isOpened()).toBe(false);
});

test('B18: openUrl() opens no plain http but of this machine', async ({ skip }) => {
  const { isOpened } = await useOpeners(skip);
  expect(await openUrl('http://as.example/')).toBe(false);
  expect(await isOpened()).toBe(false);
});

test('openUrl() opens nothing where nobody would see it, or nothing can open pages', async ({ skip }) => {
  const { isOpened, folder } = await useOpeners(skip);
  delete process.env.DISPLAY;
  delete process.env.WAYLAND_DISPLAY;
  process.env.SSH_CONNECTION = 'x';
  expect(await openUrl('https://as.example/')).toBe(false);
  expect(await isOpened()).toBe(false);
  Object.assign(process.env, { DISPLAY: ':77', PATH: join(folder, 'empty') });
  delete process.env.SSH_CONNECTION;
  expect(await openUrl('https://as.example/')).toBe(false);
});
