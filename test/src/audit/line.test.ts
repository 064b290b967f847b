import { expect, test } from 'vitest';
import { GENESIS } from '../../../src/audit/chain.ts';
import {
  createFieldFormat,
  formatFields,
  formatRecord,
  MAX_FIELDS,
  MAX_ITEM_TEXT,
  MAX_ITEMS,
  MAX_TEXT,
  openRecord,
  sealRecord,
} from '../../../src/audit/line.ts';
import type { AuditEvent } from '../../../src/ports.ts';

const MAC = 'A'.repeat(43);
const line = (fields: string) => sealRecord(formatRecord(fields, { seq: 6, mac: MAC }, 0), 'B'.repeat(43));

test('formatRecord() and sealRecord() write one JSON line in a fixed order', () => {
  expect(
    line(formatFields({ event: 'login', provider: 'jira', count: 2, ok: true, names: ['a', 'b'], none: undefined })),
  ).toBe(
    `{"seq":7,"time":"1970-01-01T00:00:00.000Z","event":"login","provider":"jira","count":2,"ok":true,"names":["a","b"],"prev":"${MAC}","mac":"${
      'B'.repeat(43)
    }"}`,
  );
});

const HOSTILE = [
  '\r\n{"seq":1}',
  '\n',
  '\r',
  '\u0000',
  '\u001b[2J',
  '\u001b]52;c;aGk=\u0007',
  '\u007f',
  '\u0085',
  '\u009b31m',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\u00ad',
  '\ud800',
  'a\udfffb',
  '😀',
  'é',
  '"',
  '\\',
  '","mac":"',
  '"}',
  '</script>',
];

test.each(HOSTILE)('R13: formatFields() writes %j in printable ASCII, and it reads back', (text) => {
  const written = line(formatFields({ event: text, host: text, names: [text, text] }));
  expect(written).toMatch(/^[\x20-\x7e]*$/);
  expect(written.split('\n')).toHaveLength(1);
  expect(openRecord(written)?.record).toMatchObject({
    seq: 7,
    event: text,
    host: text,
    names: [text, text],
    prev: MAC,
  });
});

test('R13: formatFields() caps texts, lists and items, and says how much was left out', () => {
  const fields = formatFields({
    event: 'x',
    text: 'é'.repeat(1024 * 1024),
    items: Array(1000).fill('y'.repeat(1000)),
  });
  expect(fields.length).toBeLessThan(10_000);
  const { text, items } = JSON.parse(`{${fields}}`) as { text: string; items: string[] };
  expect(text).toBe(`${'é'.repeat(MAX_TEXT)}[+${1024 * 1024 - MAX_TEXT} more]`);
  expect(items).toHaveLength(MAX_ITEMS + 1);
  expect(items[0]).toBe(`${'y'.repeat(MAX_ITEM_TEXT)}[+${1000 - MAX_ITEM_TEXT} more]`);
  expect(items.at(-1)).toBe(`[+${1000 - MAX_ITEMS} more]`);
});

test('formatFields() keeps a text whole at the limit', () => {
  expect(formatFields({ event: 'x'.repeat(MAX_TEXT) })).toBe(`"event":"${'x'.repeat(MAX_TEXT)}"`);
});

test.each(['seq', 'time', 'prev', 'mac', '', 'a b', 'a"', '__proto__x', '1a', 'é', 'x'.repeat(33)])(
  'formatFields() refuses the field name %j',
  (name) => {
    expect(() => formatFields({ event: 'x', [name]: 'y' })).toThrow(TypeError);
  },
);

test('formatFields() refuses too many fields', () => {
  const fields = Object.fromEntries(Array.from({ length: MAX_FIELDS }, (_, i) => [`f${i}`, i]));
  expect(() => formatFields({ event: 'x', ...fields })).toThrow(TypeError);
});

test.each([
  '',
  '{}',
  'null',
  '[]',
  '{"seq":1}',
  `{"seq":1,"time":"t","event":"x","prev":"${MAC}"}`,
  `{"seq":1,"time":"t","event":"x","prev":"${MAC}","mac":"short"}`,
  `{"seq":-1,"time":"t","event":"x","prev":"${MAC}","mac":"${MAC}"}`,
  `{"seq":1,"time":"t","event":x,"prev":"${MAC}","mac":"${MAC}"}`,
  ` {"seq":1,"time":"t","event":"x","prev":"${MAC}","mac":"${MAC}"}`,
  `{"seq":1,"time":"t","event":"x","prev":"${MAC}","mac":"${MAC}"} `,
  `{"seq":1,"time":"t","event":"x","prev":"${MAC}","mac":"${MAC}"}\n`,
  `{"seq":1,"time":"t","event":"x","mac":"${MAC}","prev":"${MAC}"}`,
  '{"seq":1,'.repeat(10_000),
])('openRecord() does not take %j for a record', (text) => {
  expect(openRecord(text)).toBeUndefined();
});

test('createFieldFormat() writes each event as if it were the first', () => {
  const format = createFieldFormat();
  const words: AuditEvent[string][] = [
    'a',
    'b',
    '"',
    '\u2028',
    'x'.repeat(MAX_TEXT + 1),
    1,
    -0,
    0,
    true,
    false,
    undefined,
  ];
  const lists: AuditEvent[string][] = [[], ['a'], ['a', 'b'], ['b', 'a'], ['a\n']];
  let seed = 1;
  const below = (limit: number) => (seed = (seed * 48_271) % 2_147_483_647) % limit;
  for (let round = 0; round < 3000; round++) {
    const event: Record<string, AuditEvent[string]> = {};
    for (let field = below(6); field > 0; field--) {
      const values = below(3) === 0 ? lists : words;
      event['abcdef'[below(6)]!] = values[below(values.length)];
    }
    const whole = { event: 'xy'[below(2)]!, ...event };
    expect(format(whole), JSON.stringify(whole)).toBe(formatFields(whole));
  }
});

test('createFieldFormat() sees what was changed in a list', () => {
  const format = createFieldFormat();
  const names = ['a', 'b'];
  expect(format({ event: 'x', names })).toBe('"event":"x","names":["a","b"]');
  names[1] = 'c';
  expect(format({ event: 'x', names })).toBe('"event":"x","names":["a","c"]');
});

test('createFieldFormat() goes on after an event that it refused', () => {
  const format = createFieldFormat();
  expect(format({ event: 'x', a: '1', b: '2' })).toBe('"event":"x","a":"1","b":"2"');
  expect(() => format({ event: 'x', a: '3', seq: 1 })).toThrow(TypeError);
  expect(format({ event: 'x', a: '3', b: '2' })).toBe('"event":"x","a":"3","b":"2"');
  // A name is good at one place only when it is good at all.
  for (const name of ['seq', 'mac', '__proto__x', '']) {
    expect(() => format({ event: 'x', a: '3', [name]: '2' }), name).toThrow(TypeError);
    expect(() => format({ event: 'x', [name]: '2' }), name).toThrow(TypeError);
  }
});

test('formatRecord() has the time of each record', () => {
  const timeOf = (ms: number) => /"time":"([^"]*)"/.exec(formatRecord('"event":"x"', GENESIS, ms))![1];
  for (const ms of [0, 1, 1, 2, 1, 1_700_000_000_000, 0]) expect(timeOf(ms)).toBe(new Date(ms).toISOString());
});
