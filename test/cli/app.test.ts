import { expect, test } from 'vitest';
import { outputOptions, parseCommandLine } from '../../cli/app.ts';
import { COMMANDS } from '../../cli/command/table.ts';

function parse(...argv: string[]) {
  const parsed = parseCommandLine('sig', argv, COMMANDS);
  if (parsed.kind !== 'run') throw new Error(`help: ${parsed.text}`);
  return parsed;
}

test.each(['007', '1e3', '0x10', '-5', '--json', '', 'true', 'a=b', ' x ', '\u00e9'])(
  'parseCommandLine() gives the value %j as typed',
  (value) => {
    const { input } = parse('request', 'https://a.example/', '--body', value, `--header=${value}`);
    expect(input.options.value('body')).toBe(value);
    expect(input.options.values('header')).toEqual([value]);
    expect(parse('get', value === '' || value.startsWith('-') ? 'x' : value).input.args[0]).toBe(
      value === '' || value.startsWith('-') ? 'x' : value,
    );
  },
);

test('parseCommandLine() keeps repeated options in order and takes the last of the others', () => {
  const { options } = parse('request', 'u', '-H', 'a: 1', '-H', 'b: 2', '-X', 'GET', '-X', 'PUT').input;
  expect(options.values('header')).toEqual(['a: 1', 'b: 2']);
  expect(options.value('method')).toBe('PUT');
  expect(options.has('follow')).toBe(false);
});

test('parseCommandLine() reads switches, negative ones too', () => {
  expect(parse('get', 'x', '--no-redaction').input.options.has('no-redaction')).toBe(true);
  expect(parse('get', 'x').input.options.has('no-redaction')).toBe(false);
  expect(parse('init', '--yes').input.options.has('yes')).toBe(true);
});

test.each([[['request']], [['rename', 'a']], [['request', 'a', 'b']], [['doctor', 'probe', 'x']], [[
  'logout',
  'a',
  'b',
]]])(
  'parseCommandLine(%j) is refused for its number of arguments',
  (argv) => {
    expect(() => parse(...argv)).toThrow(
      expect.objectContaining({ code: 'E_USAGE', hint: `see: sig ${argv[0]} --help` }),
    );
  },
);

test('parseCommandLine() shows help for nothing, for --help and for a command', () => {
  for (const argv of [[], ['--help'], ['-h']]) {
    const parsed = parseCommandLine('sig', argv, COMMANDS);
    expect(parsed).toMatchObject({ kind: 'help', text: expect.stringContaining('request <url>') });
  }
});

test.each(COMMANDS.map((command) => [command.name]))('sig %s --help has a usage line and an example', (name) => {
  const parsed = parseCommandLine('sig', [name, '--help'], COMMANDS);
  expect(parsed).toMatchObject({ kind: 'help' });
  const text = (parsed as { text: string }).text;
  expect(text).toContain(`$ sig ${name}`);
  expect(text).toContain('Examples:');
});

test.each<[string[], Partial<ReturnType<typeof outputOptions>>]>([
  [['status', '--json'], { json: true, quiet: false }],
  [['status', '-qv'], { quiet: true, verbose: true }],
  [['run', 'x', '--', 'cmd', '--json', '-q'], { json: false, quiet: false }],
])('outputOptions(%j)', (argv, wanted) => {
  expect(outputOptions(argv)).toMatchObject(wanted);
});
