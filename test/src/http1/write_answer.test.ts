import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { createResponseDecoder } from '../../../src/http1/decoder.ts';
import type { ParsedResponse } from '../../../src/http1/message.ts';
import { writeResponseHead } from '../../../src/http1/write.ts';
import { writeAnswer } from '../../../src/http1/write_answer.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { createRandom, fromLatin1, latin1 } from '../../_lib/http1.ts';

function readHead(text: string): ParsedResponse {
  const decoder = createResponseDecoder();
  decoder.expect({ method: 'GET', upgrade: false });
  // Not where a buffer begins, as it comes from the network.
  decoder.push(latin1(`xx${text}body`).subarray(2));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

function writeAnew(response: ParsedResponse, reason: string, fields: HeaderPairs): string {
  return fromLatin1(writeResponseHead(response.status, reason, fields));
}

test('writeAnswer() writes what came as it came, and the body behind it', () => {
  const text = 'HTTP/1.1 200 OK\r\nA: b\r\nx-C: d\xe4\r\nE: \r\n\r\n';
  const response = readHead(text);
  const answer = writeAnswer(response, response.reason, response.fields, [latin1('on'), latin1('e')]);
  expect(fromLatin1(answer)).toBe(`${text}one`);
});

test('writeAnswer() spells everything as a head that is written anew', () => {
  const next = createRandom(11);
  const random = (below: number) => Math.floor(next() * below);
  const pick = <Item>(items: readonly Item[]) => items[random(items.length)]!;
  for (let round = 0; round < 2_000; round++) {
    const lines = Array.from(
      { length: random(6) },
      () =>
        pick(['A', 'Content-Length', 'x-b']) + pick([':', ': ', ':  ', ':\t', ': \t']) +
        pick(['', '1', 'a b', '\xe9', ': ', 'a long value, longer than what is copied by hand']).trim() +
        pick(['', '', ' ', '\t']),
    );
    const head = pick(['HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 404', 'HTTP/1.1 404 ', 'HTTP/1.1 404 N F\xe9']);
    const content = lines.filter((line) => !line.startsWith('Content-Length'));
    const response = readHead([head, ...content, '', ''].join('\r\n'));
    let fields = response.fields.filter(() => random(4) > 0);
    if (random(3) === 0) fields = fields.map((field) => random(4) > 0 ? field : ['New', 'value']);
    if (random(4) === 0) fields = [...fields, ['Connection', 'close']];
    if (random(4) === 0) fields = fields.toReversed();
    if (random(8) === 0) fields = [...fields, ...fields];
    const reason = pick([response.reason, response.reason, 'Other', '']);
    expect(fromLatin1(writeAnswer(response, reason, fields))).toBe(writeAnew(response, reason, fields));
  }
});

test('writeAnswer() writes an answer that has no bytes of its own', () => {
  const { raw: _raw, ...response } = readHead('HTTP/1.1 200 OK\r\nA: b\r\n\r\n');
  expect(fromLatin1(writeAnswer(response, 'Yes', response.fields, [Buffer.from('c')]))).toBe(
    'HTTP/1.1 200 Yes\r\nA: b\r\n\r\nc',
  );
});

test('X11: writeAnswer() checks all that is not as it came', () => {
  const response = readHead('HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n');
  for (const bad of ['a\r\nX: y', 'a\nb', '\x00', '\u{2028}']) {
    expect(() => writeAnswer(response, bad, response.fields)).toThrow('reason phrase');
    expect(() => writeAnswer(response, 'OK', [...response.fields, ['X', bad]])).toThrow('"X"');
    expect(() => writeAnswer(response, 'OK', [['A', bad], ...response.fields])).toThrow('"A"');
    expect(() => writeAnswer(response, 'OK', [[bad, 'b']])).toThrow('field name');
    const own = { ...response, raw: undefined as never };
    expect(() => writeAnswer(own, 'OK', [['A', bad]])).toThrow('"A"');
    expect(() => writeAnswer(own, bad, [])).toThrow('reason phrase');
  }
});
