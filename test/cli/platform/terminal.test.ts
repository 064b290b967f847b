import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers';
import { expect, test } from 'vitest';
import { createSink, describeTerminal } from '../../../cli/platform/terminal.ts';

test('createSink() waits for a slow reader', async () => {
  const stream = new PassThrough({ highWaterMark: 10 });
  const sink = createSink(stream as unknown as NodeJS.WriteStream);
  const written = sink.write('x'.repeat(100));
  let isDone = false;
  void written.then(() => isDone = true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDone).toBe(false);
  stream.resume();
  await written;
  expect(isDone).toBe(true);
  expect(sink.isTerminal).toBe(false);
});

test.each([{ code: 'EPIPE' }, { code: 'ECONNRESET' }, { name: 'ConnectionReset' }])(
  'createSink() says EPIPE when the reader is gone (%o)',
  async (kind) => {
    const error = Object.assign(new Error('gone'), kind);
    const stream = new Writable({ write: (_bytes, _encoding, done) => done(error) });
    const sink = createSink(stream as unknown as NodeJS.WriteStream);
    await expect(sink.write('x')).rejects.toMatchObject({ code: 'EPIPE' });
    const throwing = createSink({
      on() {},
      write() {
        throw error;
      },
    } as unknown as NodeJS.WriteStream);
    await expect(throwing.write('x')).rejects.toMatchObject({ code: 'EPIPE' });
  },
);

test('describeTerminal() has a width even where there is none', () => {
  expect(describeTerminal().width).toBeGreaterThan(0);
});
