import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';
import { loadProviders } from '../../../src/sig/load_providers.ts';

const entry = (id: string, lines: string) =>
  `  ${id}:\n    strategy: prompt\n    extract: [{ from: prompt, as: t }]\n    apply: [{ in: header, name: A, value: '\${t}' }]\n${lines}`;
const load = (text: string, env: Record<string, string> = {}) =>
  loadProviders(parseConfig(text), '~/.sig/config.yaml', (name) => env[name]);

test('loadProviders() loads a good config', async () => {
  const set = await load(`providers:\n${entry('a', '    domains: ["${HOST}", "*.example.com"]')}`, {
    HOST: 'a.example',
  });
  expect(set.get('a')!.domains.map((domain) => domain.host)).toEqual(['a.example', 'example.com']);
});

test('loadProviders() reports mistakes of every kind at once, in file order, with positions', async () => {
  const text = `providers:
${entry('a', '    domians: [x]\n    domains: [a.example, "*.co.uk"]\n    validateRule: "res.("\n    ttl: soon')}
${entry('b', '    domains: [a.example, "a b"]\n    validateUrl: https://c.example/')}
`;
  const error = await load(text).then(() => undefined, (thrown) => thrown);
  expect(error).toMatchObject({ code: 'E_CONFIG' });
  const lines = error.message.split('\n');
  expect(lines[0]).toContain('Cannot use config "~/.sig/config.yaml": ');
  for (const piece of ['domians', 'co.uk', '"ttl"', '"a b"', 'c.example', 'both claim "a.example"']) {
    expect(lines.filter((line: string) => line.includes(piece)), piece).toHaveLength(1);
  }
  const positions = lines.slice(1).map((line: string) => Number(/line (\d+), column \d+/.exec(line)![1]));
  expect(positions).toEqual([...positions].sort((x, y) => x - y));
});

test('H16: two providers of one host are a load error, unless their paths are disjoint', async () => {
  const two = (a: string, b: string) =>
    load(
      `providers:\n${entry('a', `    domains: [x.example]\n${a}`)}\n${entry('b', `    domains: [x.example]\n${b}`)}`,
    );
  await expect(two('', '')).rejects.toMatchObject({
    code: 'E_CONFIG',
    message: expect.stringContaining('both claim "x.example"'),
  });
  await expect(two('    allow: ["/a/**"]', '    allow: ["/a/b"]')).rejects.toMatchObject({ code: 'E_CONFIG' });
  await expect(two('    allow: ["/a/**"]', '    allow: ["/b/**"]')).resolves.toMatchObject({
    all: [{ id: 'a' }, { id: 'b' }],
  });
});

test.each([
  '*.com',
  '*.co.uk',
  '*.github.io',
  '*',
  '*.*',
  '**.example.com',
  'a|b',
  '[x]',
  'ex%2ecom',
  'https://a.example',
  'a.example/path',
])(
  'H9: H10: the domain %j is a load error',
  async (domain) => {
    await expect(load(`providers:\n${entry('a', `    domains: ["${domain}"]`)}`)).rejects.toMatchObject({
      code: 'E_CONFIG',
    });
  },
);
