import { expect, test } from 'vitest';
import { isUrl, requireProvider, requireProviderOrUrl } from '../../../cli/command/require_provider.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import { makeProvider } from '../../_lib/fixture.ts';

const set = createProviderSet([
  makeProvider(),
  makeProvider({ id: 'limited', domains: ['limited.example'], allow: [{ methods: ['POST'], path: '/x' }] }),
]);

test('requireProvider() finds by id, and suggests', () => {
  expect(requireProvider(set, 'api').id).toBe('api');
  expect(() => requireProvider(set, 'apo')).toThrow(
    expect.objectContaining({ code: 'E_NO_PROVIDER', hint: 'did you mean "api"?' }),
  );
  expect(() => requireProvider(set, '__proto__')).toThrow(expect.objectContaining({ code: 'E_NO_PROVIDER' }));
});

test('requireProviderOrUrl() finds by URL, whatever its allow rules say', () => {
  expect(requireProviderOrUrl(set, 'https://api.example.com/x?y').id).toBe('api');
  expect(requireProviderOrUrl(set, 'https://limited.example/').id).toBe('limited');
  expect(() => requireProviderOrUrl(set, 'https://other.example/')).toThrow(
    expect.objectContaining({ code: 'E_NO_PROVIDER', hint: 'add one: sig login https://other.example' }),
  );
});

test.each([['https://x', true], ['x://', true], ['jira', false], ['jira.example', false]])(
  'isUrl(%j) is %j',
  (word, wanted) => {
    expect(isUrl(word)).toBe(wanted);
  },
);
