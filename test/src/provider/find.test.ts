import { expect, test } from 'vitest';
import { createProviderSet } from '../../../src/provider/find.ts';
import type { AllowRule } from '../../../src/config/config.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { makeProvider } from '../../_lib/fixture.ts';

const provider = (id: string, domains: string[], allow?: AllowRule[]) =>
  makeProvider({ id, domains, ...(allow === undefined ? {} : { allow }) });

function find(set: ReturnType<typeof createProviderSet>, url: string, method = 'GET'): string {
  const { target, path } = parseUrl(url);
  const match = set.match(target, method, path.split('?', 1)[0]!);
  if (match.kind === 'one') return `${match.provider.id} by ${match.domain}`;
  if (match.kind === 'none') return 'none';
  return `${match.kind}: ${match.providers.map(({ id }) => id).join(', ')}`;
}

test('match() prefers an exact host over a wildcard, in any order', () => {
  for (const reverse of [false, true]) {
    const providers = [provider('wild', ['*.example.com']), provider('exact', ['api.example.com'])];
    const set = createProviderSet(reverse ? providers.reverse() : providers);
    expect(find(set, 'https://api.example.com/')).toBe('exact by api.example.com');
    expect(find(set, 'https://www.example.com/')).toBe('wild by *.example.com');
    expect(set.conflicts()).toEqual([]);
  }
});

const set = createProviderSet([
  provider('jira', ['example.com', '*.example.com', 'localhost:8443']),
  provider('github', ['api.github.test']),
]);

test.each([
  'https://evil-example.com/',
  'https://xexample.com/',
  'https://example.com.evil.com/',
  'https://a.b.example.com/',
  'https://com/',
  'https://example.comx/',
  'https://github.test/',
  'https://xapi.github.test/',
  'https://api.github.test.evil/',
])('H9: match() finds no provider for %s', (url) => {
  expect(find(set, url)).toBe('none');
});

test.each([
  'https://example.com:8443/',
  'http://example.com:8080/',
  'https://localhost/',
  'https://localhost:8444/',
  'https://a.example.com:444/',
  'http://localhost:80/',
])('H7: match() finds no provider on another port: %s', (url) => {
  expect(find(set, url)).toBe('none');
});

test.each(['https://127.0.0.1/', 'https://[::1]/', 'https://0x7f.1/', 'https://2130706433/'])(
  'H12: match() finds no provider of names for %s',
  (url) => {
    expect(find(createProviderSet([provider('a', ['*.example.com', 'localhost', 'localhost:8443'])]), url)).toBe(
      'none',
    );
  },
);

test('H11: match() finds one provider for every spelling of its host', () => {
  for (
    const url of ['https://EXAMPLE.com', 'https://example.com.', 'https://example.com:443/x', 'HTTPS://Example.Com?x']
  ) {
    expect(find(set, url), url).toBe('jira by example.com');
  }
});

test('match() falls back to a wildcard when the exact host is claimed on another port', () => {
  const ports = createProviderSet([provider('exact', ['a.example.com:8443']), provider('wild', ['*.example.com'])]);
  expect(find(ports, 'https://a.example.com/')).toBe('wild by *.example.com');
  expect(find(ports, 'https://a.example.com:8443/')).toBe('exact by a.example.com:8443');
});

test('match() chooses by allow rules, and says when none fits', () => {
  const split = createProviderSet([
    provider('read', ['api.example.com'], [{ methods: ['GET'], path: '/v1/**' }]),
    provider('write', ['api.example.com'], [{ methods: ['POST'], path: '/v1/**' }]),
  ]);
  expect(split.conflicts()).toEqual([]);
  expect(find(split, 'https://api.example.com/v1/x?y')).toBe('read by api.example.com');
  expect(find(split, 'https://api.example.com/v1/x', 'HEAD')).toBe('read by api.example.com');
  expect(find(split, 'https://api.example.com/v1/x', 'POST')).toBe('write by api.example.com');
  expect(find(split, 'https://api.example.com/v1/x', 'DELETE')).toBe('refused: read, write');
  expect(find(split, 'https://api.example.com/v2')).toBe('refused: read, write');
  expect(find(split, 'https://api.example.com/v1/%2e%2e/v2')).toBe('refused: read, write');
});

test('a refusal of the exact host is not made up for by a wildcard', () => {
  const both = createProviderSet([
    provider('exact', ['a.example.com'], [{ path: '/only' }]),
    provider('wild', ['*.example.com']),
  ]);
  expect(find(both, 'https://a.example.com/else')).toBe('refused: exact');
});

const claims = (providers: ReturnType<typeof provider>[]) =>
  createProviderSet(providers).conflicts().map(({ first, second, domain }) => `${first.id} ${second.id} ${domain}`);

test('H16: conflicts() finds two providers that claim one host', () => {
  expect(claims([provider('a', ['x.example']), provider('b', ['x.example'])])).toEqual(['a b x.example']);
  expect(claims([provider('a', ['X.example.']), provider('b', ['x.example:443'])])).toEqual(['a b x.example:443']);
  expect(claims([provider('a', ['*.example.com']), provider('b', ['*.example.com'])])).toEqual(['a b *.example.com']);
  expect(claims([provider('a', ['0x7f.1:8443']), provider('b', ['127.0.0.1:8443'])])).toEqual(['a b 127.0.0.1:8443']);
});

test('H16: conflicts() names each pair once, and all pairs of three', () => {
  expect(claims([provider('a', ['x.example', 'y.example']), provider('b', ['y.example', 'x.example'])])).toHaveLength(
    1,
  );
  expect(claims(['a', 'b', 'c'].map((id) => provider(id, ['x.example'])))).toEqual([
    'a b x.example',
    'a c x.example',
    'b c x.example',
  ]);
});

test('H16: conflicts() is content with disjoint allow rules, and with nothing less', () => {
  const rules = (...paths: string[]) => paths.map((path) => ({ path }));
  expect(claims([provider('a', ['x.example'], rules('/a/**')), provider('b', ['x.example'], rules('/b/**'))])).toEqual(
    [],
  );
  expect(claims([provider('a', ['x.example'], rules('/a/**')), provider('b', ['x.example'])])).toHaveLength(1);
  expect(claims([provider('a', ['x.example'], rules('/a/**', '/c')), provider('b', ['x.example'], rules('/b', '/*'))]))
    .toHaveLength(1);
  const methods = [{ methods: ['GET'], path: '/a' }];
  expect(
    claims([provider('a', ['x.example'], methods), provider('b', ['x.example'], [{ methods: ['HEAD'], path: '/a' }])]),
  ).toHaveLength(1);
});

test('conflicts() sees none between ports, nor between a host and a wildcard', () => {
  expect(claims([provider('a', ['x.example']), provider('b', ['x.example:8443'])])).toEqual([]);
  expect(claims([provider('a', ['*.example']), provider('b', ['x.example'])])).toEqual([]);
});

test('H16: where claims overlap all the same, match() takes neither', () => {
  const both = createProviderSet([provider('a', ['x.example']), provider('b', ['x.example'])]);
  expect(find(both, 'https://x.example/')).toBe('ambiguous: a, b');
});

test('get() and all give the providers', () => {
  expect(set.get('jira')?.id).toBe('jira');
  expect(set.get('nobody')).toBeUndefined();
  expect(set.all.map(({ id }) => id)).toEqual(['jira', 'github']);
});

test('match() takes the same time among ten thousand providers', () => {
  const many = createProviderSet(Array.from({ length: 10_000 }, (_, i) => provider(`p${i}`, [`p${i}.example.com`])));
  const begun = performance.now();
  for (let i = 0; i < 10_000; i++) {
    expect(many.match({ scheme: 'https', host: `p${i}.example.com`, port: 443 }, 'GET', '/').kind).toBe('one');
  }
  expect(performance.now() - begun).toBeLessThan(5000);
});
