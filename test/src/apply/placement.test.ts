import { expect, test } from 'vitest';
import { join, mergePlacements, type Placement, renderPlacements } from '../../../src/apply/placement.ts';
import { makeProvider } from '../../_lib/fixture.ts';

const placed = (value: string, more: Partial<Placement> = {}): Placement => ({
  provider: 'a',
  in: 'header',
  name: 'X-Key',
  action: 'set',
  value,
  ...more,
});

test('renderPlacements() renders each rule with the value for that rule', () => {
  const provider = makeProvider({
    extract: [{ from: 'prompt', as: 'k' }],
    apply: [
      { in: 'header', name: 'A', value: 'x ${k}' },
      { in: 'query', name: 'q', value: '${k}', action: 'append' },
      { in: 'header', name: 'B', value: '', action: 'remove' },
    ],
  });
  expect(renderPlacements(provider, (key, rule) => `${key}@${rule.name}`)).toEqual([
    { provider: 'api', in: 'header', name: 'A', action: 'set', value: 'x k@A' },
    { provider: 'api', in: 'query', name: 'q', action: 'append', value: 'k@q' },
    { provider: 'api', in: 'header', name: 'B', action: 'remove', value: '' },
  ]);
});

test('X11: renderPlacements() refuses a header value that would split the head', () => {
  expect(() => renderPlacements(makeProvider(), () => 'x\r\nEvil: 1')).toThrow(
    expect.objectContaining({ code: 'E_BAD_CREDENTIAL_VALUE' }),
  );
});

test('mergePlacements() joins the cookies of two providers in one header', () => {
  const merged = mergePlacements([
    placed('a=1', { name: 'Cookie' }),
    placed('b=2', { name: 'cookie', provider: 'b' }),
  ]);
  expect(merged).toEqual([placed('a=1; b=2', { name: 'Cookie' })]);
});

test('mergePlacements() takes equal values of two providers as one', () => {
  expect(mergePlacements([placed('x'), placed('x', { provider: 'b' })])).toEqual([placed('x')]);
});

test.each<[string, Partial<Placement>]>([
  ['another value', { value: 'y' }],
  ['the name in other case', { value: 'y', name: 'x-key' }],
  ['another action', { action: 'append' }],
])('mergePlacements() refuses two providers with %s for one header', (_, other) => {
  expect(() => mergePlacements([placed('x'), placed('x', { provider: 'b', ...other })])).toThrow(
    expect.objectContaining({ code: 'E_CONFLICT' }),
  );
});

test('mergePlacements() keeps header and query of one name apart', () => {
  expect(mergePlacements([placed('x'), placed('y', { in: 'query' })])).toHaveLength(2);
});

test('mergePlacements() appends the values of one provider', () => {
  expect(mergePlacements([placed('x', { action: 'append' }), placed('y', { action: 'append' })])[0]!.value).toBe(
    'x, y',
  );
});

test.each([['cookie', 'a; b'], ['accept', 'a, b']])('join() of %s', (name, joined) => {
  expect(join(name, 'a', 'b')).toBe(joined);
  expect(join(name, '', 'b')).toBe('b');
});
