/**
 * A body made from another one by a generator. Ends the source also when nobody ever asks for the
 * first chunk: a generator that was not started does nothing on `return()`, and the connection
 * behind the source would stay open.
 */
export function passBody(
  source: AsyncIterable<Uint8Array>,
  generator: AsyncGenerator<Uint8Array, void, void>,
): AsyncIterableIterator<Uint8Array> {
  let isStarted = false;
  const body: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => body,
    next() {
      isStarted = true;
      return generator.next();
    },
    async return() {
      if (!isStarted) await source[Symbol.asyncIterator]().return?.();
      isStarted = true;
      return await generator.return();
    },
  };
  return body;
}
