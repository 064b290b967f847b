import { expect, test } from 'vitest';
import { weaknessOf } from '../../../src/redact/strength.ts';
import { makeCanary } from '../../_lib/canary.ts';

test.each(['', 'a', 'hunter2', '1234567'])('R5: weaknessOf() calls %j short', (text) => {
  expect(weaknessOf({ text, kind: 'value' })).toBe('short');
  expect(weaknessOf({ text, kind: 'cookie' })).toBe('short');
});

test.each([
  'password',
  'developer',
  '12345678',
  '20261121',
  'aaaaaaaaaaaaaaaa',
  'abababababab',
  '--------',
  'undefined',
])(
  'R5: weaknessOf() calls %j plain',
  (text) => expect(weaknessOf({ text, kind: 'value' })).toBe('plain'),
);

test.each([
  'America/New_York',
  'en-US,en;q=0.9',
  'dark-mode',
  'darkModeEnabled',
  '2026-11-21',
  'https://www.example.com/home',
  'https%3A%2F%2Fwww',
  'accepted; all',
  'en_US.UTF-8',
])('R5: weaknessOf() calls %j plain when it is a cookie, since pages are full of it', (text) => {
  expect(weaknessOf({ text, kind: 'cookie' })).toBe('plain');
});

test.each([
  'correct-horse-battery-staple',
  'hunter22',
  'P@ssw0rd',
  'abcdefghijklm',
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
])(
  'weaknessOf() lets %j be looked for as a token or password',
  (text) => expect(weaknessOf({ text, kind: 'value' })).toBeUndefined(),
);

test.each([
  '550e8400-e29b-41d4-a716-446655440000',
  'a1b2c3d4e5f60718',
  '7f3k9x2m',
  'GA1.2.1234567890.1234567890',
  'qwertzuiopasdfghjkly',
])(
  'weaknessOf() lets %j be looked for as a cookie',
  (text) => expect(weaknessOf({ text, kind: 'cookie' })).toBeUndefined(),
);

test('weaknessOf() calls no random token weak', () => {
  for (let i = 0; i < 2000; i++) {
    expect(weaknessOf({ text: makeCanary(), kind: i % 2 ? 'cookie' : 'value' })).toBeUndefined();
  }
});
