import { expect, test } from 'vitest';
import { htuOf, normaliseHtu } from '../../../src/dpop/htu.ts';
import { SigError } from '../../../src/errors.ts';

test.each([
  ['https://a.example', 'https://a.example/'],
  ['https://a.example/p?q=1#f', 'https://a.example/p'],
  ['https://A.EXAMPLE:443/P', 'https://a.example/P'],
  ['http://a.example:80/', 'http://a.example/'],
  ['https://a.example:8443/', 'https://a.example:8443/'],
  ['https://a.example/a/./b/../c', 'https://a.example/a/c'],
  ['https://a.example//a//', 'https://a.example//a//'],
  ['https://a.example/%2f%7e%C3%A9', 'https://a.example/%2f%7e%C3%A9'],
  ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
  ['https://0x7f.1/', 'https://127.0.0.1/'],
  ['https://[2001:DB8::1]:443/', 'https://[2001:db8::1]/'],
  ['https://a.example/p;v=1', 'https://a.example/p;v=1'],
  ['https://a.example?only=query', 'https://a.example/'],
])('D2: htuOf(%j) is what is sent, without query and fragment', (url, htu) => {
  expect(htuOf(url)).toBe(htu);
  expect(htuOf(new URL(url))).toBe(htu);
  expect(htuOf(htu)).toBe(htu);
});

test.each([
  ['https://a.example/%2f%7E%41%c3%a9', 'https://a.example/%2F~A%C3%A9'],
  ['https://a.example/%zz%2', 'https://a.example/%zz%2'],
])('normaliseHtu(%j) brings escapes to one form', (url, htu) => {
  expect(normaliseHtu(url)).toBe(htu);
  expect(normaliseHtu(htu)).toBe(htu);
});

test.each([
  '',
  '/relative',
  'a.example',
  'ftp://a.example/',
  'data:,x',
  'https://u@a.example/',
  'https://u:p@a.example/',
  'https://:p@a.example/',
  'https://a example/',
])(
  'D2: htuOf(%j) is refused',
  (url) => {
    expect(() => htuOf(url)).toThrow(SigError);
    expect(() => normaliseHtu(url)).toThrow(SigError);
  },
);

test('htuOf() keeps the URL out of its messages', () => {
  expect(() => htuOf('https://user:canary@a.example/?canary')).toThrow(expect.not.stringContaining('canary'));
});
