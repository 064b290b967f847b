import { expect, test } from 'vitest';
import { readStart } from '../../../src/agent_id/read_start.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';

test.each([
  [['abc', 'def'], 10, 'abcdef', false],
  [['abc', 'def'], 6, 'abcdef', false],
  [['abc', 'def'], 5, 'abcde', true],
  [['abc', 'def'], 3, 'abc', true],
  [[], 0, '', false],
])('readStart() of %o up to %i is %s', async (chunks, max, text, truncated) => {
  const body = (async function* () {
    for (const chunk of chunks) yield encodeUtf8(chunk);
  })();
  const start = await readStart(body, max);
  expect([new TextDecoder().decode(start.bytes), start.truncated]).toEqual([text, truncated]);
});

test('C11: readStart() lets an endless body go', async () => {
  let isOver = false;
  const endless = (async function* () {
    try {
      for (;;) yield new Uint8Array(1000);
    } finally {
      isOver = true;
    }
  })();
  expect((await readStart(endless, 2500)).bytes.length).toBe(2500);
  expect(isOver).toBe(true);
});
