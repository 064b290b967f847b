import { expect, test } from 'vitest';
import { compareVersions, parseVersion } from '../../../cli/command/version_order.ts';

test('compareVersions() orders what Semantic Versioning orders (§11.2, §11.4)', () => {
  const ordered = [
    '0.0.1',
    '0.1.0',
    '1.0.0-1',
    '1.0.0-2',
    '1.0.0-10',
    '1.0.0-Beta',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.2',
    '1.0.10',
    '1.2.0',
    '2.0.0-alpha.0',
    '2.0.0',
    '10.0.0',
  ];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) {
      expect([a, b, Math.sign(compareVersions(parseVersion(a), parseVersion(b)))]).toEqual([a, b, Math.sign(i - j)]);
    }
  }
  expect(compareVersions(parseVersion('1.0.0+a'), parseVersion('1.0.0+b.2'))).toBe(0);
});

test.each([
  '',
  '1',
  '1.2',
  '1.2.3.4',
  'v1.2.3',
  '01.2.3',
  '1.2.3-',
  '1.2.3-01',
  '1.2.3-a..b',
  '1.2.3 ',
  '1.2.3\n',
  '1.2.3\u001b[2J',
  '1.2.3;id',
  '٣.0.0',
  `1.2.${'9'.repeat(16)}`,
  `1.2.3-${'a'.repeat(60)}`,
])('parseVersion() refuses %j', (text) => {
  expect(() => parseVersion(text)).toThrow(expect.objectContaining({ code: 'E_UPSTREAM' }));
});
