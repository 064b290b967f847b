import { execFileSync, spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { splitCommands } from '../../../src/credential/shell_words.ts';

const COMMANDS = [
  `curl 'https://example.com/' -H 'a: b'`,
  `curl "https://example.com/" -H "a: \\"b\\" \\\\ c"`,
  `curl 'it'\\''s' x`,
  `curl \\\n  'a' \\\n  -b 'c=d'`,
  `curl a\\ b "c"'d'e`,
  `curl $'a\\'b\\n\\t\\u0021\\x41\\101\\\\'`,
  `curl $'\\u20ac \\U0001F600'`,
  `curl '' ""`,
  `curl "a\\\nb"`,
  `curl a=b?c[1] x#y`,
  `curl "a\\nb"`,
];

const bash = spawnSync('bash', ['-c', ':']).status === 0;
if (!bash) console.log('bash is not installed: splitCommands() is not compared with it');

test.skipIf(!bash).each(COMMANDS)('splitCommands(%j) splits as bash does', (command) => {
  const printed = execFileSync('bash', ['-c', `curl() { printf '%s\\0' curl "$@"; }; ${command}`], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  expect(splitCommands(command)).toEqual([printed.split('\0').slice(0, -1)]);
});

test('splitCommands() parts commands at ";", "&" and the end of a line', () => {
  expect(splitCommands('a b ;\nc & d\r\n\n"e;f"')).toEqual([['a', 'b'], ['c'], ['d'], ['e;f']]);
});

test.each([
  `curl 'open`,
  `curl "open`,
  `curl $'open`,
  `curl $(id)`,
  'curl `id`',
  'curl "`id`"',
  'curl "$(id)"',
  'curl "$HOME"',
  'curl $HOME',
  'curl a | sh',
  'curl a > /etc/passwd',
  'curl < b',
  '(curl a)',
  'curl {a,b}',
  'curl *',
  'curl # comment',
  `curl $'\\q'`,
  `curl $'\\U99999999'`,
])('splitCommands(%j) is refused: bash would expand or run it', (command) => {
  expect(() => splitCommands(command)).toThrow(/quote|expand/);
});
