import { expect, test } from 'vitest';
import { environmentNames, expandEnvironment, parseTemplate, templateKeys } from '../../../src/provider/template.ts';

test.each([
  ['', []],
  ['plain', ['plain']],
  ['${a}', [{ key: 'a' }]],
  ['Bearer ${token}', ['Bearer ', { key: 'token' }]],
  ['${a}${b}', [{ key: 'a' }, { key: 'b' }]],
  ['x${a-b.c_d}y${a}z', ['x', { key: 'a-b.c_d' }, 'y', { key: 'a' }, 'z']],
  ['$a {b} $', ['$a {b} $']],
  ['$${a}', ['$', { key: 'a' }]],
  ['${}', [{ key: '' }]],
  ['${a', ['${a']],
  ['${a${b}}', ['${a', { key: 'b' }, '}']],
  ['${__proto__}', [{ key: '__proto__' }]],
])('parseTemplate(%j)', (text, template) => {
  expect(parseTemplate(text)).toEqual(template);
});

test('templateKeys() gives each key once', () => {
  expect(templateKeys(parseTemplate('${a} ${b} ${a}'))).toEqual(['a', 'b']);
});

test('environmentNames() takes names of environment variables only', () => {
  expect(environmentNames('${A}/${b_1}/${A}/${-x}/${}/${1A}/$B/${C D}')).toEqual(['A', 'b_1', 'A']);
});

const env = (name: string) => ({ HOST: 'ex.com', EMPTY: '', NESTED: '${HOST}', DOLLAR: "$&$1$'" })[name];

test.each([
  ['https://${HOST}/', 'https://ex.com/'],
  ['${EMPTY}', ''],
  ['${NESTED}', '${HOST}'],
  ['a${DOLLAR}b', "a$&$1$'b"],
  ['no names', 'no names'],
  ['${not-a-name}', '${not-a-name}'],
])('expandEnvironment(%j) is %j, read once and literally', (text, expanded) => {
  expect(expandEnvironment(text, env)).toEqual({ text: expanded });
});

test('expandEnvironment() names the first variable that is not set', () => {
  expect(expandEnvironment('${HOST}${NO}${NEITHER}', env)).toEqual({ unset: 'NO' });
});
