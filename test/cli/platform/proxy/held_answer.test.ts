import { expect, test, vi } from 'vitest';
import { holdAnswer } from '../../../../cli/platform/proxy/held_answer.ts';
import { encodeUtf8 } from '../../../../src/encoding/bytes.ts';

function setUp(limitBytes = 8, waitMs = 60_000) {
  const onReady = vi.fn();
  const got: string[] = [];
  const to = {
    body: (bytes: Uint8Array) => void got.push(new TextDecoder().decode(bytes)),
    end: (trailers: readonly (readonly [string, string])[]) => void got.push(JSON.stringify(trailers)),
  };
  return { held: holdAnswer(limitBytes, waitMs, onReady), onReady, got, to };
}

test('holdAnswer() gives out the whole body once, and hands on its pieces as they came', () => {
  const { held, onReady, got, to } = setUp();
  held.body(encodeUtf8('ab'));
  held.body(encodeUtf8('cd'));
  expect(onReady).not.toHaveBeenCalled();
  held.end([['X', '1']]);
  expect(onReady.mock.calls).toEqual([[encodeUtf8('abcd')]]);
  held.release(to);
  expect(got).toEqual(['ab', 'cd', '[["X","1"]]']);
});

test('holdAnswer() gives up a body that is too long, and keeps what comes until it is released', () => {
  const { held, onReady, got, to } = setUp();
  held.body(encodeUtf8('123456789'));
  expect(onReady.mock.calls).toEqual([[undefined]]);
  held.body(encodeUtf8('more'));
  held.release(to);
  expect(got).toEqual(['123456789', 'more']);
  expect(onReady).toHaveBeenCalledTimes(1);
});

test('holdAnswer() gives up a body that is too slow', async () => {
  const { held, onReady } = setUp(8, 5);
  held.body(encodeUtf8('a'));
  await expect.poll(() => onReady.mock.calls).toEqual([[undefined]]);
  held.end([]);
  expect(onReady).toHaveBeenCalledTimes(1);
});

test('holdAnswer() says nothing after it was aborted', () => {
  const { held, onReady } = setUp();
  held.abort();
  held.end([]);
  expect(onReady).not.toHaveBeenCalled();
});
