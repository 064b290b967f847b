import { expect, test } from 'vitest';
import { createInbox, receive, takeRest } from '../../../src/http1/inbox.ts';
import { fromLatin1, latin1 } from '../../_lib/http1.ts';

test('receive() reads a piece where it lies when nothing waits', () => {
  const inbox = createInbox();
  const piece = latin1('abc');
  receive(inbox, piece);
  expect(inbox.bytes).toBe(piece);
  expect(takeRest(inbox)).toEqual(piece);
});

test('receive() joins what waits, and leaves the pieces as they were', () => {
  const inbox = createInbox();
  const first = latin1('ab');
  receive(inbox, first);
  inbox.at = 1;
  for (let i = 0; i < 3000; i++) receive(inbox, latin1('x'));
  expect(fromLatin1(first)).toBe('ab');
  expect(fromLatin1(takeRest(inbox))).toBe(`b${'x'.repeat(3000)}`);
  expect(takeRest(inbox).length).toBe(0);
});
