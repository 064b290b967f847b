import { expect, test } from 'vitest';
import { isSameAuthority, parseServiceUrl } from '../../../src/agent_id/authority.ts';
import { parseUrl } from '../../../src/target/target.ts';

test.each([
  ['https://notes.example', 'https://notes.example/x', true],
  ['https://notes.example', 'https://api.notes.example', true],
  ['https://notes.example', 'https://a.b.notes.example', true],
  ['https://notes.example:8443', 'https://api.notes.example:8443', true],
  ['https://notes.example', 'https://example', false],
  ['https://api.notes.example', 'https://notes.example', false],
  ['https://notes.example', 'https://evilnotes.example', false],
  ['https://notes.example', 'https://notes.example.evil.example', false],
  ['https://notes.example', 'https://notes.example:8443', false],
  ['https://notes.example:8443', 'https://notes.example', false],
  ['https://127.0.0.1', 'https://1.127.0.0.1.example', false],
])('C12: %s has authority over %s: %s', (service, url, expected) => {
  expect(isSameAuthority(parseUrl(url).target, parseUrl(service).target)).toBe(expected);
});

test('parseServiceUrl() takes http on loopback only, and only when asked to', () => {
  expect(parseServiceUrl('https://a.example/x').path).toBe('/x');
  expect(parseServiceUrl('http://127.0.0.1:8080/', true).target.port).toBe(8080);
  for (
    const [url, insecure] of [['http://127.0.0.1/', false], ['http://a.example/', true], [
      'http://10.0.0.1/',
      true,
    ]] as const
  ) {
    expect(() => parseServiceUrl(url, insecure)).toThrow(expect.objectContaining({ code: 'E_PLAINTEXT' }));
  }
  expect(() => parseServiceUrl('file:///etc/passwd')).toThrow(expect.objectContaining({ code: 'E_TARGET' }));
});
