import { expect, test } from 'vitest';
import { parseManifest } from '../../../src/agent_id/manifest.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { EXAMPLE_MANIFEST } from '../../_lib/manifest.ts';

const service = parseUrl('https://notes.example').target;
type Json = Record<string, unknown>;

/** The example with some members of some places replaced; `undefined` removes one. */
function changed(...changes: readonly (readonly [path: string, value: unknown])[]): string {
  const copy = structuredClone(EXAMPLE_MANIFEST) as Json;
  for (const [path, value] of changes) {
    const keys = path.split('.');
    const parent = keys.slice(0, -1).reduce((at, key) => at[key] as Json, copy);
    parent[keys.at(-1)!] = value;
  }
  return JSON.stringify(copy);
}

test('parseManifest() rebuilds the example with its defaults', () => {
  const manifest = parseManifest(JSON.stringify(EXAMPLE_MANIFEST), { service });
  expect(manifest.api.operations?.[0]).toEqual({
    name: 'listNotes',
    description: 'All notes of the caller',
    method: 'GET',
    path: '/notes',
    auth: 'required',
    annotations: { readOnlyHint: true },
  });
  expect(manifest.api.base).toBe('https://api.notes.example/v1');
});

test('parseManifest() takes version 1 without operations, DPoP by default', () => {
  const text = '{"version":1,"auth":{"header":"Authorization"},"api":{"base":"https://NOTES.example:443"}}';
  expect(parseManifest(text, { service })).toEqual({
    version: 1,
    auth: { header: 'Authorization', scheme: 'DPoP' },
    api: { base: 'https://notes.example/' },
  });
});

const op = 'api.operations.0';

test.each(
  [
    ['version', '2', 'version'],
    ['version', 3, 'version'],
    ['version', undefined, 'version is missing'],
    ['version', 1, 'api.operations needs version 2'],
    ['extra', 1, 'unknown key "extra"'],
    ['service', 'Notes', 'service is not an object'],
    ['service.name', '', 'service.name'],
    ['service.name', 'x'.repeat(81), 'service.name'],
    ['service.url', 'https://evil.example', 'service.url is not under the authority'],
    ['service.icon', 'x', 'unknown key "icon"'],
    ['auth', undefined, 'auth is missing'],
    ['auth.header', 'X Y', 'auth.header'],
    ['auth.header', 'x'.repeat(65), 'auth.header'],
    ['auth.header', undefined, 'auth.header is missing'],
    ['auth.scheme', 'Basic', 'auth.scheme'],
    ['api', [], 'api is not an object'],
    ['api.base', undefined, 'api.base is missing'],
    ['api.base', 'http://notes.example', 'api.base is not https'],
    ['api.base', 'https://example', 'api.base is not under'],
    ['api.base', 'https://u:p@notes.example', 'api.base is not a URL'],
    ['api.base', 'https://notes.example/?q', 'api.base has a query'],
    ['api.base', 'javascript:alert(1)', 'api.base is not a URL'],
    ['api.base', '//notes.example', 'api.base is not a URL'],
    ['api.specUrl', 'https://169.254.169.254/', 'api.specUrl is not under'],
    ['api.operations', {}, 'api.operations is not a list'],
    ['api.operations', null, 'api.operations is not a list'],
    ['api.operations', Array(51).fill(EXAMPLE_MANIFEST.api.operations[0]), '0 to 50'],
    ['api.operations.1.name', 'listNotes', 'api.operations[1].name is that of another'],
    [`${op}.name`, '1x', 'api.operations[0].name'],
    [`${op}.name`, 'a'.repeat(65), 'api.operations[0].name'],
    [`${op}.title`, 'x'.repeat(81), 'title'],
    [`${op}.description`, undefined, 'description is missing'],
    [`${op}.description`, 'x'.repeat(1025), 'description'],
    [`${op}.description`, 'a\u001b[2Jb', 'control character'],
    [`${op}.method`, 'get', 'method'],
    [`${op}.method`, 'CONNECT', 'method'],
    [`${op}.method`, undefined, 'method is missing'],
    [`${op}.path`, 'notes', 'path'],
    [`${op}.path`, `/${'x'.repeat(200)}`, 'path'],
    [`${op}.path`, '/a b', 'path'],
    [`${op}.path`, '/a?x=1', 'path'],
    [`${op}.path`, '/a#x', 'path'],
    [`${op}.path`, '/../admin', 'segment of dots'],
    [`${op}.path`, '/a/%2E%2e/b', 'segment of dots'],
    [`${op}.path`, '/\\evil.example', 'path'],
    [`${op}.path`, '/{nope}', 'names {nope}'],
    [`${op}.path`, '/{constructor}', 'names {constructor}'],
    [`${op}.path`, '/{id', 'brace'],
    [`${op}.auth`, true, 'auth'],
    [`${op}.annotations`, { destructiveHint: 'false' }, 'destructiveHint is not true or false'],
    [`${op}.annotations`, { safe: true }, 'unknown key "safe"'],
    [`${op}.inputSchema`, { type: 'string' }, 'inputSchema.type'],
    [`${op}.outputSchema`, 7, 'outputSchema is not an object'],
    [`${op}.url`, 'https://evil.example', 'unknown key "url"'],
  ] as const,
)('C14: parseManifest() refuses %s = %o', (path, value, message) => {
  expect(() => parseManifest(changed([path, value]), { service })).toThrow(
    expect.objectContaining({ code: 'E_MANIFEST', message: expect.stringContaining(message) }),
  );
});

test.each(['', 'null', '[]', '7', '"x"', '{"version":2,"version":2}', `{"version":1,"auth":{"header":"\\ud800"}}`])(
  'C14: parseManifest() refuses the document %s',
  (text) => {
    expect(() => parseManifest(text, { service })).toThrow(expect.objectContaining({ code: 'E_MANIFEST' }));
  },
);

test('C14: parseManifest() answers any damage to the example with a manifest or E_MANIFEST', () => {
  const text = JSON.stringify(EXAMPLE_MANIFEST);
  const pieces = [
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '-1',
    'null',
    'true',
    '\\u0000',
    '"__proto__":{},',
    '\\ud800',
    '\u202e',
  ];
  for (let i = 0; i < text.length; i++) {
    const piece = pieces[i % pieces.length]!;
    for (
      const damaged of [
        text.slice(0, i),
        text.slice(0, i) + text.slice(i + 1),
        text.slice(0, i) + piece + text.slice(i),
      ]
    ) {
      try {
        expect(parseManifest(damaged, { service }).api.base).toMatch(/^https:\/\/(?:[\w.-]+\.)?notes\.example\//);
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_MANIFEST' });
      }
    }
  }
});

test('parseManifest() takes plain http on loopback where that was asked for', () => {
  const local = parseUrl('http://127.0.0.1:8080').target;
  const text = '{"version":1,"auth":{"header":"Authorization"},"api":{"base":"http://127.0.0.1:8080/"}}';
  expect(parseManifest(text, { service: local, allowInsecure: true }).api.base).toBe('http://127.0.0.1:8080/');
  expect(() => parseManifest(text, { service: local })).toThrow(/not https/);
});
