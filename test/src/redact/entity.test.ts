import { expect, test } from 'vitest';
import { ASCII_ENTITIES } from '../../../src/redact/entity.ts';

test('ASCII_ENTITIES has the names that HTML encoders write, each for one ASCII character', () => {
  const written = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", plus: '+', sol: '/', equals: '=', lowbar: '_' };
  for (const [name, character] of Object.entries(written)) {
    expect(ASCII_ENTITIES.get(name)).toBe(character.charCodeAt(0));
  }
  for (const [name, code] of ASCII_ENTITIES) {
    expect(name).toMatch(/^[A-Za-z]{2,16}$/);
    expect(code).toBeLessThan(128);
  }
});

test('ASCII_ENTITIES has all punctuation but the hyphen, for which HTML has no name', () => {
  const named = new Set(ASCII_ENTITIES.values());
  const unnamed = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}'].filter((character) => !named.has(character.charCodeAt(0)));
  expect(unnamed).toEqual(['-']);
});
