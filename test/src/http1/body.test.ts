import { expect, test } from 'vitest';
import { createBodyReader } from '../../../src/http1/body.ts';
import { createInbox, receive } from '../../../src/http1/inbox.ts';
import type { Framing } from '../../../src/http1/message.ts';
import { fromLatin1, latin1 } from '../../_lib/http1.ts';

function read(framing: Framing, text: string, unframed: boolean, finished = false): string[] {
  const inbox = createInbox();
  receive(inbox, latin1(text));
  const reader = createBodyReader(framing, Infinity);
  const events: string[] = [];
  for (;;) {
    const event = reader.next(inbox, unframed, finished);
    if (!event) return [...events, 'more'];
    if (event.kind === 'body') events.push(fromLatin1(event.bytes));
    if (event.kind === 'end') return [...events, 'end', ...event.trailers.map((pair) => pair.join())];
  }
}

test('createBodyReader() reads each framing', () => {
  expect(read({ kind: 'none' }, 'x', false)).toEqual(['end']);
  expect(read({ kind: 'length', length: 2 }, 'abc', false)).toEqual(['ab', 'end']);
  expect(read({ kind: 'length', length: 4 }, 'abc', false)).toEqual(['abc', 'more']);
  expect(read({ kind: 'close' }, 'abc', false)).toEqual(['abc', 'more']);
  expect(read({ kind: 'close' }, 'abc', false, true)).toEqual(['abc', 'end']);
});

test('createBodyReader() passes chunks whole, or takes them off', () => {
  const text = '1\r\na\r\n2\r\nbc\r\n0\r\nX: y\r\n\r\n';
  expect(read({ kind: 'chunked' }, text, false)).toEqual([text, 'end', 'X,y']);
  expect(read({ kind: 'chunked' }, text, true)).toEqual(['a', 'bc', 'end', 'X,y']);
});

test('X4: createBodyReader() passes no trailer before all of them are judged', () => {
  expect(read({ kind: 'chunked' }, '1\r\na\r\n0\r\nX: y\r\nAuthor', false)).toEqual(['1\r\na\r\n0\r\n', 'more']);
  expect(() => read({ kind: 'chunked' }, '0\r\nAuthorization: y\r\n\r\n', false)).toThrow('cannot be a trailer');
});

test('createBodyReader() throws when the bytes end within the body', () => {
  expect(() => read({ kind: 'length', length: 4 }, 'abc', false, true)).toThrow('ended within');
  expect(() => read({ kind: 'chunked' }, '5\r\nabc', true, true)).toThrow('ended within');
  expect(() => read({ kind: 'chunked' }, '5\r\nabc', false, true)).toThrow('ended within');
});
