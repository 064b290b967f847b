import { expect, test } from 'vitest';
import { normaliseArgv, unguard } from '../../cli/argv.ts';
import type { CommandSpec } from '../../cli/command/command.ts';
import { GLOBAL_OPTIONS } from '../../cli/command/table.ts';

const spec = (name: string, ...flags: string[]): CommandSpec => ({
  name,
  summary: '',
  examples: [],
  options: flags.map((flag) => ({ flag, description: '' })),
  load: () => Promise.reject(new Error('not run')),
});
const commands = [
  spec('request', '-X, --method <m>', '-d, --body <b>', '-H, --header <h>', '--follow'),
  spec('get', '--no-redaction'),
  spec('login'),
];
const read = (...argv: string[]) => normaliseArgv(argv, commands, GLOBAL_OPTIONS);

test.each([
  [['request', 'url', '--method', 'PUT'], ['request', '=url', '--method==PUT']],
  [['--method=PUT', 'request', 'url'], ['request', '=url', '--method==PUT']],
  [['request', '-XPUT', 'url'], ['request', '=url', '--method==PUT']],
  [['request', '-X', 'PUT', 'url'], ['request', '=url', '--method==PUT']],
  [['-qv', 'request'], ['request', '--quiet=true', '--verbose=true']],
  [['--home', 'request', 'request'], ['request', '--home==request']],
  [['request', '-d', '007'], ['request', '--body==007']],
  [['request', '-d', '-5'], ['request', '--body==-5']],
  [['request', '--body', '--json'], ['request', '--body==--json']],
  [['request', '--body='], ['request', '--body==']],
  [['request', '-d', 'a=b=c'], ['request', '--body==a=b=c']],
  [['request', '-H', 'A: 1', '-H', 'B: 2'], ['request', '--header==A: 1', '--header==B: 2']],
  [['request', '-'], ['request', '=-']],
  [['get', 'x', '--no-redaction'], ['get', '=x', '--no-redaction']],
])('normaliseArgv(%j)', (argv, tokens) => {
  expect(read(...argv).tokens).toEqual(tokens);
});

test('normaliseArgv() leaves everything after -- alone', () => {
  expect(read('request', '--follow', '--', '--method', 'x')).toMatchObject({ rest: ['--method', 'x'] });
});

test.each<[string[], string, string | undefined]>([
  [['reqest', 'url'], 'Unknown command "reqest"', 'did you mean "sig request"?'],
  [['zzzzzz'], 'Unknown command "zzzzzz"', 'list all: sig --help'],
  [['request', '--folow'], 'Unknown option "--folow" for "sig request"', 'did you mean "--follow"?'],
  [['request', '-Z'], 'Unknown option "-Z" for "sig request"', 'see: sig request --help'],
  [['get', '--method', 'x'], 'Unknown option "--method" for "sig get"', 'see: sig get --help'],
  [['request', '--method'], 'Option "--method" needs a value', 'see: sig request --help'],
  [['request', '-X'], 'Option "--method" needs a value', 'see: sig request --help'],
  [['request', '--follow=yes'], 'Option "--follow" takes no value', 'see: sig request --help'],
  [['--frobnicate'], 'Unknown option "--frobnicate"', 'see: sig --help'],
])('normaliseArgv(%j) is refused with a suggestion', (argv, message, hint) => {
  expect(() => read(...argv)).toThrow(expect.objectContaining({ code: 'E_USAGE', message, hint }));
});

test('unguard() takes one mark off', () => {
  expect([unguard('=x'), unguard('==x'), unguard('x'), unguard('=')]).toEqual(['x', '=x', 'x', '']);
});
