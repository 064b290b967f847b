import { expect, test } from 'vitest';
import { renderTemplate, requireFieldValue } from '../../../src/apply/render.ts';
import { parseTemplate } from '../../../src/provider/template.ts';

const render = (text: string, values: Record<string, string>) =>
  renderTemplate(parseTemplate(text), (key) => (Object.hasOwn(values, key) ? values[key] : undefined), 'api');

test('renderTemplate() fills every key and leaves the rest as it stands', () => {
  expect(render('Bearer ${a}-${b}$', { a: '1', b: '$&${a}' })).toBe('Bearer 1-$&${a}$');
});

test.each([{}, { token: '' }])('X12: renderTemplate() fails closed for %j', (values) => {
  expect(() => render('Bearer ${token}', values)).toThrow(
    expect.objectContaining({ code: 'E_MISSING_VALUE', provider: 'api' }),
  );
});

test.each(['__proto__', 'constructor', 'toString'])('X12: renderTemplate() knows no inherited key %s', (key) => {
  expect(() => render(`\${${key}}`, {})).toThrow(expect.objectContaining({ code: 'E_MISSING_VALUE' }));
});

test.each(['', 'x', 'Bearer abc', 'caf\u00e9', 'a\tb', '!"#~'])('requireFieldValue() accepts %j', (value) => {
  expect(requireFieldValue(value, 'X', 'api')).toBe(value);
});

test.each([
  'a\r\nX: y',
  'a\nb',
  'a\rb',
  'a\0b',
  ' a',
  'a ',
  '\ta',
  'a\u007f',
  'a\u0100',
  'a\u{1F600}',
  '\u2028',
  'a\x1b[0m',
])(
  'X11: requireFieldValue() refuses %j and does not show it',
  (value) => {
    const secret = `canary${value}canary`;
    const given = value.trim() === value ? secret : value;
    try {
      requireFieldValue(given, 'X-Token', 'api');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_BAD_CREDENTIAL_VALUE' });
      expect(String((error as Error).message)).not.toContain('canary');
    }
  },
);
