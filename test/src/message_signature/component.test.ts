import { expect, test } from 'vitest';
import {
  componentKey,
  componentOf,
  componentValue,
  formatComponent,
  readComponent,
} from '../../../src/message_signature/component.ts';
import type { Message } from '../../../src/message_signature/message.ts';

const request = {
  method: 'GET',
  url: 'https://a.example:8443/p%2Fq?a=1&b=2&a=3&c=x+y#f',
  headers: [
    ['X-One', 'v'],
    ['X-Dict', 'a=1, b;x'],
    ['X-Obs', 'h\u00e9'],
    ['X-Break', 'a\nb'],
    ['Set-Cookie', 'a=1, x'],
    ['Set-Cookie', 'b=2'],
  ],
  trailers: [['X-Trailer', 't']],
} as const;
const response = { status: 201, headers: [['X-One', 'w']], request } as const;
const valueOf = (text: string, message: Message) => componentValue(readComponent(text), message);

test.each<[string, Message, string]>([
  ['@method', request, 'GET'],
  ['@target-uri', request, 'https://a.example:8443/p%2Fq?a=1&b=2&a=3&c=x+y'],
  ['@authority', request, 'a.example:8443'],
  ['@request-target', request, '/p%2Fq?a=1&b=2&a=3&c=x+y'],
  ['@path', request, '/p%2Fq'],
  ['@query', request, '?a=1&b=2&a=3&c=x+y'],
  ['"@query-param";name="c"', request, 'x%20y'],
  ['X-One', request, 'v'],
  ['"x-trailer";tr', request, 't'],
  ['"x-dict";key="b"', request, '?1;x'],
  ['"set-cookie";bs', request, ':YT0xLCB4:, :Yj0y:'],
  ['"x-obs";bs', request, ':aOk=:'],
  ['@status', response, '201'],
  ['x-one', response, 'w'],
  ['"x-one";req', response, 'v'],
  ['"@method";req', response, 'GET'],
  ['"x-trailer";req;tr', response, 't'],
  ['"x-dict";req;key="a"', response, '1'],
])('componentValue(%s)', (text, message, value) => {
  expect(valueOf(text, message)).toBe(value);
});

test.each<[string, Message]>([
  ['x-none', request],
  ['x-obs', request],
  ['x-break', request],
  ['"x-none";tr', request],
  ['"x-dict";key="z"', request],
  ['"x-dict";key', request],
  ['"x-one";key="a";bs', request],
  ['"x-dict";sf;bs', request],
  ['"x-dict";sf', request],
  ['"x-one";unknown', request],
  ['"X-One"', request],
  ['"x one"', request],
  ['""', request],
  ['"@method";sf', request],
  ['"@method";key="a"', request],
  ['"@unknown"', request],
  ['"@constructor"', request],
  ['@signature-params', request],
  ['@status', request],
  ['"@status";req', response],
  ['@method', response],
  ['"@method";req', request],
  ['"@method";req', { status: 200, headers: [] }],
  ['"@query-param"', request],
  ['"@query-param";name="a"', request],
  ['"@query-param";name="z"', request],
  ['"@query-param";name=5', request],
])('componentValue(%s) is refused', (text, message) => {
  expect(() => valueOf(text, message)).toThrow(TypeError);
});

test('componentValue() does not wrap lines apart that Headers has joined', () => {
  const joined = { ...request, headers: new Headers([['x-a', '1'], ['x-a', '2']]) };
  expect(() => valueOf('"x-a";bs', joined)).toThrow('joined');
  expect(valueOf('"x-a";bs', { ...request, headers: new Headers({ 'x-a': '1' }) })).toBe(':MQ==:');
});

test('readComponent() takes bare names and identifiers, and formatComponent() writes identifiers', () => {
  for (
    const [text, identifier] of [['Content-Type', '"content-type"'], ['@method', '"@method"'], [
      '"a";req;key="x"',
      '"a";req;key="x"',
    ]]
  ) {
    expect(formatComponent(readComponent(text!))).toBe(identifier);
  }
  for (const bad of ['"a', '"a";B', '"a" "b"']) expect(() => readComponent(bad)).toThrow(TypeError);
});

test('componentOf() wants a string', () => {
  expect(() => componentOf({ value: { type: 'token', value: 'a' }, params: new Map() })).toThrow(TypeError);
});

test('componentKey() does not mind the order of parameters', () => {
  expect(componentKey(readComponent('"a";req;key="x"'))).toBe(componentKey(readComponent('"a";key="x";req')));
  expect(componentKey(readComponent('"a";req'))).not.toBe(componentKey(readComponent('"a"')));
});
