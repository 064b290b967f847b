import { expect, test } from 'vitest';
import { createAnswer } from '../../../../cli/platform/upstream/answer.ts';
import type { Exchange } from '../../../../cli/platform/upstream/exchange.ts';
import { SigError } from '../../../../src/errors.ts';
import type { ParsedResponse } from '../../../../src/http1/message.ts';
import { fromLatin1, latin1 } from '../../../_lib/http1.ts';

const HEAD: ParsedResponse = {
  status: 200,
  reason: 'OK',
  minor: 1,
  fields: [['Set-Cookie', 'a'], ['set-cookie', 'b']],
  framing: { kind: 'close' },
  keepAlive: false,
  interim: false,
};

function start() {
  const answer = createAnswer();
  const calls: string[] = [];
  const call = (name: string) => () => void calls.push(name);
  answer.begin({
    unframe: call('unframe'),
    pause: call('pause'),
    resume: call('resume'),
    abort: call('abort'),
  } as Partial<Exchange> as Exchange);
  return { answer, calls };
}

test('the response has the fields as they came, and no interim head', async () => {
  const { answer } = start();
  answer.head({ ...HEAD, status: 103, interim: true });
  answer.head(HEAD);
  const response = await answer.response;
  expect(response).toMatchObject({ status: 200, reason: 'OK', headers: HEAD.fields });
});

test('the body is read in order, before and after it comes', async () => {
  const { answer, calls } = start();
  answer.head(HEAD);
  answer.body(latin1('a'));
  const { body } = await answer.response;
  const read: string[] = [];
  const reading = (async () => {
    for await (const bytes of body) read.push(fromLatin1(bytes));
  })();
  await Promise.resolve();
  answer.body(latin1('b'));
  answer.body(latin1('c'));
  answer.end([]);
  await reading;
  expect(read).toEqual(['a', 'b', 'c']);
  expect(calls).not.toContain('abort');
});

test('P11: a slow reader stops the network, not fills the memory', async () => {
  const { answer, calls } = start();
  answer.head(HEAD);
  answer.body(new Uint8Array(40_000));
  expect(calls).not.toContain('pause');
  answer.body(new Uint8Array(40_000));
  expect(calls.at(-1)).toBe('pause');
  const iterator = (await answer.response).body[Symbol.asyncIterator]();
  await iterator.next();
  expect(calls.at(-1)).toBe('resume');
});

test('a reader that leaves aborts the exchange', async () => {
  const { answer, calls } = start();
  answer.head(HEAD);
  answer.body(latin1('a'));
  for await (const _bytes of (await answer.response).body) break;
  expect(calls).toContain('abort');
});

test("a failure is the response's before its head, and the body's after it", async () => {
  const error = new SigError('E_UPSTREAM', 'gone');
  const early = start();
  early.answer.fail(error);
  await expect(early.answer.response).rejects.toBe(error);
  const late = start();
  late.answer.head(HEAD);
  late.answer.body(latin1('a'));
  late.answer.fail(error);
  const iterator = (await late.answer.response).body[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toEqual(latin1('a'));
  await expect(iterator.next()).rejects.toBe(error);
});

test('drained() ends with the drain, the end or the failure', async () => {
  for (const end of ['drain', 'end', 'fail'] as const) {
    const { answer } = start();
    answer.response.catch(() => {});
    const drained = answer.drained();
    if (end === 'drain') answer.drain();
    else if (end === 'end') answer.end([]);
    else answer.fail(new SigError('E_UPSTREAM', 'gone'));
    await drained;
  }
});

test('abandon() aborts and passes the reason on', async () => {
  const { answer, calls } = start();
  const reason = new Error('mine');
  answer.abandon(reason);
  await expect(answer.response).rejects.toBe(reason);
  expect(calls).toEqual(['abort']);
});
