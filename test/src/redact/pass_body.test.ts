import { expect, test } from 'vitest';
import { passBody } from '../../../src/redact/pass_body.ts';

function makeSource() {
  const log: string[] = [];
  const source: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => source,
    next: () =>
      Promise.resolve(
        log.push('next') > 2 ? { done: true, value: undefined } : { done: false, value: Uint8Array.of(1) },
      ),
    return: () => Promise.resolve((log.push('return'), { done: true, value: undefined })),
  };
  async function* pass() {
    for await (const chunk of source) yield chunk;
  }
  return { log, body: passBody(source, pass()) };
}

test('passBody() ends a source that was never asked for a chunk', async () => {
  const { log, body } = makeSource();
  await body.return?.();
  await body.return?.();
  expect(log).toEqual(['return']);
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

test('passBody() ends a source that was read in part, and only once', async () => {
  const { log, body } = makeSource();
  expect(await body.next()).toEqual({ done: false, value: Uint8Array.of(1) });
  await body.return?.();
  await body.return?.();
  expect(log).toEqual(['next', 'return']);
});

test('passBody() does not end a source that has ended', async () => {
  const { log, body } = makeSource();
  for await (const chunk of body) expect(chunk).toEqual(Uint8Array.of(1));
  await body.return?.();
  expect(log).toEqual(['next', 'next', 'next']);
});
