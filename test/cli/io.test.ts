import { expect, test } from 'vitest';
import { formatTable, type Io, note, printable, printError, printJson, printLine } from '../../cli/io.ts';
import { SigError } from '../../src/errors.ts';

function makeIo(more: Partial<Io> = {}) {
  const written = { out: '', err: '' };
  const sink = (key: 'out' | 'err', isTerminal: boolean) => ({
    isTerminal,
    write: (text: string | Uint8Array) =>
      Promise.resolve(void (written[key] += typeof text === 'string' ? text : new TextDecoder().decode(text))),
  });
  const io: Io = {
    stdout: sink('out', false),
    stderr: sink('err', false),
    stdinIsTerminal: false,
    width: 80,
    colour: false,
    json: false,
    quiet: false,
    verbose: false,
    ...more,
  };
  return { io, written };
}

test.each([
  ['\x1b[31mred', '\\u{1b}[31mred'],
  ['\x1b]8;;http://evil\x07x', '\\u{1b}]8;;http://evil\\u{7}x'],
  ['a\rb', 'a\\u{d}b'],
  ['a\u202eb', 'a\\u{202e}b'],
  ['a\u200bb', 'a\\u{200b}b'],
  ['\u009b1m', '\\u{9b}1m'],
  ['a\u2028b', 'a\\u{2028}b'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ud800', '\\u{d800}'],
  ['caf\u00e9 \u{1F600}\t\n', 'caf\u00e9 \u{1F600}\t\n'],
])('R13: printable(%j)', (text, wanted) => {
  expect(printable(text)).toBe(wanted);
});

test('R13: printJson() escapes what a terminal would obey, and it is still that JSON', async () => {
  const { io, written } = makeIo();
  const value = { text: 'a\x1b[0m\u202e\u{e0041}\u2028\u009b', ok: 'é' };
  await printJson(io, value);
  expect(printable(written.out)).toBe(written.out);
  expect(JSON.parse(written.out)).toEqual(value);
});

test('printError() writes error and hint to stderr', async () => {
  const { io, written } = makeIo();
  await printError(io, new SigError('E_NO_PROVIDER', 'No provider "x\x1b"', { hint: 'do this' }));
  expect(written).toEqual({ out: '', err: 'sig: error: No provider "x\\u{1b}"\nsig: hint: do this\n' });
});

test('printError() with --json gives one object on stdout', async () => {
  const { io, written } = makeIo({ json: true });
  await printError(io, new SigError('E_LOGIN_REQUIRED', 'Log in', { hint: 'sig login x', provider: 'x' }));
  expect(JSON.parse(written.out)).toEqual({
    error: { code: 'E_LOGIN_REQUIRED', message: 'Log in', hint: 'sig login x', provider: 'x' },
  });
  expect(written.err).toBe('');
});

test('R7: printError() shows nothing of a foreign error but its name', async () => {
  const { io, written } = makeIo({ verbose: true });
  await printError(io, new TypeError('Invalid header "Authorization: Bearer canary"'));
  expect(written.err).not.toContain('canary');
  expect(written.err).toContain('Defect in sig: TypeError');
});

test('printError() colours only a terminal', async () => {
  const { io, written } = makeIo({ colour: true });
  await printError(io, new SigError('E_USAGE', 'x'));
  expect(written.err).not.toContain('\x1b');
});

test('note() is silent with --quiet; printLine() is data', async () => {
  const { io, written } = makeIo({ quiet: true });
  await note(io, 'remark');
  await printLine(io, 'data');
  expect(written).toEqual({ out: 'data\n', err: '' });
});

test('formatTable() aligns columns and leaves no blanks at line ends', () => {
  expect(formatTable(['A', 'B'], [['long', 'x'], ['s', '\x1b']])).toBe('A     B\nlong  x\ns     \\u{1b}');
});
