import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { addProvider, removeProvider, renameProvider } from '../../../src/config/edit.ts';
import { parseConfig } from '../../../src/config/parse.ts';

const examples = readFileSync(new URL('../../vector/config/examples.yaml', import.meta.url), 'utf8');
const ids = (text: string) => parseConfig(text).providers.map(({ id }) => id);

const browser: ProviderConfig = {
  id: 'wiki-example',
  domains: ['wiki.example.com'],
  entryUrl: 'https://wiki.example.com/',
  strategy: 'browser',
  extract: [{ from: 'cookies', as: 'session', match: '*' }],
  apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
};
const oauth: ProviderConfig = {
  id: '404',
  name: 'A: b # "c"',
  domains: ['api.example', '*.api.example', '[::1]:8443'],
  strategy: 'oauth2',
  validateUrl: 'https://api.example/me',
  validateRule: "res.body.a === 'x' && res.status < 300",
  ttlSec: 90,
  networkProxy: 'socks5://127.0.0.1:1',
  allowHttp: true,
  allowPrivate: false,
  caFile: '/a b/c: d.pem',
  loginMode: 'headless',
  loginUrlPatterns: ['https://*/login*', '*'],
  extract: [],
  apply: [],
  allow: [{ path: '/x/**' }, { methods: ['GET', 'POST'], path: '/y' }],
  oauth2: {
    tokenUrl: 'https://api.example/t',
    clientId: '${ID}',
    scopes: ['read', '404', 'true'],
    grant: 'device_code',
    authMethod: 'none',
    audience: 'yes',
    redirectUri: 'http://localhost:8080/callback',
    dpop: true,
  },
};

test('addProvider() leaves every byte of the documented forms as it is', () => {
  const text = addProvider(examples, browser);
  expect(text.startsWith(examples)).toBe(true);
  expect(text.slice(examples.length)).toBe(`
  wiki-example:
    domains:
      - wiki.example.com
    entryUrl: https://wiki.example.com/
    strategy: browser
    extract:
      - from: cookies
        as: session
        match: '*'
    apply:
      - in: header
        name: Cookie
        value: '\${session}'
`);
  expect(parseConfig(text)).toMatchObject({ issues: [], providers: { length: 9 } });
});

test('addProvider() writes every field so that it reads back', () => {
  for (const text of ['', examples, '{"providers": {}}', '# c\r\n']) {
    const added = parseConfig(addProvider(text, oauth)).providers.find(({ id }) => id === '404')!;
    expect(added).toEqual({
      ...oauth,
      extract: [{ from: 'oauth2', as: 'access_token' }],
      apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
    });
  }
});

test('removeProvider() takes out one entry, and no comment outside it', () => {
  const comments = examples.split('\n').filter((line) => /^\s*#/.test(line));
  for (const id of ids(examples)) {
    const text = removeProvider(examples, id);
    expect(ids(text)).toEqual(ids(examples).filter((other) => other !== id));
    for (const comment of comments) expect(text).toContain(comment);
    // What is left is a subsequence: nothing was written anew.
    const kept = text.split('\n');
    const lines = examples.split('\n')[Symbol.iterator]();
    for (const line of kept) {
      for (let next = lines.next(); next.value !== line; next = lines.next()) expect(next.done).toBe(false);
    }
  }
});

test('removeProvider() undoes addProvider()', () => {
  for (const text of [examples, '# c\n', 'providers:\n  # c\n', '{"providers": {}}']) {
    const back = removeProvider(addProvider(text, browser), browser.id);
    expect(back.replace(/\s+|providers:/g, '')).toBe(text.replace(/\s+|providers:/g, ''));
  }
});

test('renameProvider() changes the key and nothing else', () => {
  for (
    const [from, to] of [['reddit', 'news'], ['jira-example', '404'], ['x', 'true'], ['github', 'a.b_c-d']] as const
  ) {
    const text = renameProvider(examples, from, to);
    expect(ids(text)).toEqual(ids(examples).map((id) => (id === from ? to : id)));
    const changed = text.split('\n').filter((line, i) => line !== examples.split('\n')[i]);
    expect(changed).toHaveLength(1);
    expect(changed[0]!.trim()).toMatch(/^'?[\w.-]+'?:$/);
  }
  expect(
    renameProvider(
      '{"providers": {"a": {"domains": ["a.b"], "strategy": "oauth2", "issuer": "https://a.b"}}}',
      'a',
      'b',
    ),
  )
    .toContain('{b: {"domains"');
});

test.each([
  [() => addProvider(examples, { ...browser, id: 'x' }), 'E_EXISTS'],
  [() => addProvider(examples, { ...browser, id: 'jira-example' }), 'E_EXISTS'],
  [() => addProvider('', { ...browser, id: 'A B' }), 'E_ID'],
  [() => addProvider('', { ...browser, id: '__proto__' }), 'E_ID'],
  [() => addProvider('a: [', browser), 'E_CONFIG'],
  [() => addProvider('- a\n', browser), 'E_CONFIG'],
  [() => addProvider('', { ...browser, domains: ['https://x'] }), 'E_CONFIG'],
  [() => addProvider('', { ...browser, domains: ['a\nb: c'] }), 'E_CONFIG'],
  [() => addProvider('', { ...browser, extract: [] }), 'E_CONFIG'],
  [() => addProvider('providers: [a]\n', browser), 'E_INTERNAL'],
  [() => removeProvider(examples, 'nobody'), 'E_NO_PROVIDER'],
  [() => removeProvider(examples, 'providers'), 'E_NO_PROVIDER'],
  [() => removeProvider('a: [', 'a'), 'E_CONFIG'],
  [() => removeProvider('a: {domains: []}\na: {domains: []}\n', 'a'), 'E_CONFIG'],
  [() => removeProvider('a: {domains: &d [a.b]}\nb: {domains: *d}\n', 'a'), 'E_INTERNAL'],
  [() => removeProvider('? providers\n: a: {domains: []}\n  b: {domains: []}\n', 'a'), 'E_INTERNAL'],
  [() => renameProvider(examples, 'nobody', 'x2'), 'E_NO_PROVIDER'],
  [() => renameProvider(examples, 'x', 'github'), 'E_EXISTS'],
  [() => renameProvider(examples, 'x', 'x'), 'E_EXISTS'],
  [() => renameProvider(examples, 'x', '..'), 'E_ID'],
])('%s is %s', (edit, code) => {
  expect(edit).toThrow(expect.objectContaining({ code }));
});

test('removeProvider() and renameProvider() work on an entry with mistakes', () => {
  const text = 'a: {domains: [https://x], nmae: y}\nb: {ttl: 1}\n';
  expect(removeProvider(text, 'a')).toBe('b: {ttl: 1}\n');
  expect(renameProvider(text, 'b', 'c')).toBe('a: {domains: [https://x], nmae: y}\nc: {ttl: 1}\n');
});

/** A small generator: the same numbers in each run, so that a failure repeats. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A config with comments and odd spacing, as its pieces; each entry is one piece. */
function randomConfig(next: (below: number) => number): { pieces: string[]; ids: string[] } {
  const newline = next(4) === 0 ? '\r\n' : '\n';
  const noise = (pad: string) =>
    Array.from({ length: next(3) }, () => (next(2) ? `${pad}# c${next(1000)} "x: [` : '') + newline).join('');
  const entry = (id: string, pad: string) => {
    const comment = next(3) === 0 ? ` # ${id} {` : '';
    const host = `${id}.example`;
    return [
      `${pad}${id}: {domains: [${host}], strategy: oauth2, issuer: "https://${host}"}${comment}${newline}`,
      `${pad}${id}:${comment}${newline}${pad}    domains:${newline}${pad}    - ${host}${newline}${newline}` +
      `${pad}    # inside${newline}${pad}    strategy: oauth2${newline}${pad}    oauth2:${newline}${pad}      issuer: https://${host} # i${newline}`,
      `${pad}? ${id}${newline}${pad}: domains: ["${host}"]${newline}${pad}  strategy: 'oauth2'${newline}${pad}  issuer: https://${host}${newline}`,
      `${pad}"${id}": {${newline}${pad}  domains: [${host}, # d${newline}${pad}  ],${newline}${pad}  strategy: oauth2, issuer: "https://${host}",${newline}${pad}}${comment}${newline}`,
    ][next(4)]!;
  };
  const found: string[] = [];
  const make = (count: number, pad: string, prefix: string) =>
    Array.from({ length: count }, (_, i) => {
      found.push(`${prefix}${i}`);
      return [noise(pad), entry(`${prefix}${i}`, pad)];
    }).flat();
  const pad = ' '.repeat(1 + next(4));
  const pieces = [
    noise(''),
    ...make(next(3), '', 'top'),
    noise(''),
    `providers:${next(3) === 0 ? ' # all' : ''}${newline}`,
    ...make(next(5), pad, 'in'),
    noise(pad),
    noise(''),
    ...make(next(2), '', 'last'),
    noise(''),
  ];
  return { pieces, ids: found };
}

test('edits of random configs change the one entry and not another byte', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { pieces, ids: all } = randomConfig(random(seed));
    const text = pieces.join('');
    const label = `seed ${seed}`;
    expect(parseConfig(text).issues, label).toEqual([]);

    const added = addProvider(text, seed % 2 ? browser : oauth);
    expect(ids(added).toSorted(), label).toEqual([...all, seed % 2 ? browser.id : oauth.id].toSorted());
    const at = [...text].findIndex((character, i) => character !== added[i]);
    const from = at < 0 ? text.length : at;
    expect(added.endsWith(text.slice(from)), label).toBe(true);

    for (const id of all) {
      const piece = pieces.find((part) => part.trimStart().replace(/^\? /, '').replaceAll('"', '').startsWith(id))!;
      const line = pieces.indexOf(piece);
      const without = [...pieces.slice(0, line), '', ...pieces.slice(line + 1)].join('');
      expect(removeProvider(text, id), label).toBe(without);
      const renamed = piece.replace(new RegExp(`^(\\s*(?:\\? )?)(?:"${id}"|${id})`), '$1new-id');
      expect(renameProvider(text, id, 'new-id'), label).toBe(
        [...pieces.slice(0, line), renamed, ...pieces.slice(line + 1)].join(''),
      );
    }
  }
});
