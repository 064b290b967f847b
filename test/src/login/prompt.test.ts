import { expect, test } from 'vitest';
import { obtainPrompt } from '../../../src/login/prompt.ts';
import { Secret } from '../../../src/secret.ts';
import { fixedClock, makeProvider, NOW_MS } from '../../_lib/fixture.ts';

const prompt = (...answers: string[]) => {
  const asked: string[] = [];
  return {
    asked,
    line: () => Promise.reject(new Error('a secret was asked for where it shows')),
    secret: (question: string) => Promise.resolve(new Secret(answers[asked.push(question) - 1]!)),
    confirm: () => Promise.resolve(false),
  };
};

test('obtainPrompt() asks each question once, hidden', async () => {
  const provider = makeProvider({
    extract: [{ from: 'prompt', as: 'token', match: 'Paste the token' }, { from: 'prompt', as: 'key' }],
    ttlSec: 60,
  });
  const asker = prompt('t', 'k');
  const credential = await obtainPrompt(provider, { prompt: asker, clock: fixedClock() });
  expect(asker.asked).toEqual(['Paste the token', 'Enter key']);
  expect([credential.values.token!.reveal(), credential.values.key!.reveal()]).toEqual(['t', 'k']);
  expect(credential.expiresAtSec).toBe(NOW_MS / 1000 + 60);
});

test.each(['', ' canary', 'canary ', 'a\nb', 'a\r\nX: 1', '\u0000', 'a\u2028', 'tok\u200ben'])(
  'X11: obtainPrompt() refuses the answer %j',
  async (text) => {
    await expect(obtainPrompt(makeProvider(), { prompt: prompt(text), clock: fixedClock() })).rejects.toSatisfy((
      error,
    ) => error.code === 'E_LOGIN_FAILED' && (text.trim() === '' || !error.message.includes(text)));
  },
);
