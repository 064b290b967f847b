import { expect, test } from 'vitest';
import { createRequestDecoder } from '../../../src/http1/decoder.ts';
import { Http1Error } from '../../../src/http1/error.ts';
import type { ParsedRequest } from '../../../src/http1/message.ts';
import { checkHost, parseRequestTarget, targetOf } from '../../../src/http1/request_target.ts';
import type { Target } from '../../../src/target/target.ts';
import { latin1 } from '../../_lib/http1.ts';

const TUNNEL: Target = { scheme: 'https', host: 'jira.test', port: 443 };

function request(line: string, host: string): ParsedRequest {
  const decoder = createRequestDecoder();
  decoder.push(latin1(`${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof Http1Error) return error.code;
    throw error;
  }
  return undefined;
}

test('parseRequestTarget() knows the four forms', () => {
  expect(parseRequestTarget('GET', '/a?b')).toEqual({ form: 'origin', path: '/a?b' });
  expect(parseRequestTarget('OPTIONS', '*')).toEqual({ form: 'asterisk' });
  expect(parseRequestTarget('CONNECT', 'JIRA.test.:443')).toEqual({ form: 'authority', target: TUNNEL });
  expect(parseRequestTarget('CONNECT', '[::1]:8443')).toMatchObject({ target: { host: '[::1]', port: 8443 } });
  expect(parseRequestTarget('GET', 'http://a.test:8080/b?c')).toEqual({
    form: 'absolute',
    target: { scheme: 'http', host: 'a.test', port: 8080 },
    path: '/b?c',
  });
});

test.each(['/', '/a', '/a?//x\\y', '/%2f%2e%2e/', '/a:b@c', "/~a/!$&'()*+,;="])(
  'H1: origin-form %j is accepted as it is',
  (path) => {
    expect(parseRequestTarget('GET', path)).toEqual({ form: 'origin', path });
  },
);

test.each(['', '@jira.test/', '//evil.test/', '/\\evil', '/a b', '/a\r', '/a\x00', '/ä', '/\u{100}', '/#', '*'])(
  'H2: target %j is refused',
  (text) => {
    expect(codeOf(() => parseRequestTarget('GET', text))).toBe('target');
  },
);

test.each(['0x7f.1:443', '2130706433:443', '127.1:443'])('H12: CONNECT %s is brought to its canonical form', (text) => {
  expect(parseRequestTarget('CONNECT', text)).toMatchObject({ target: { host: '127.0.0.1' } });
});

test('targetOf() inside a tunnel is the tunnel', () => {
  for (const host of ['jira.test', 'jira.test:443', 'JIRA.test', 'jira.test.']) {
    expect(targetOf(request('GET /', host), TUNNEL)).toBe(TUNNEL);
  }
  expect(targetOf(request('GET https://jira.test/', 'jira.test'), TUNNEL)).toBe(TUNNEL);
});

test.each([
  ['GET /', 'evil.test'],
  ['GET /', 'jira.test:8443'],
  ['GET /', 'jira.test.evil.test'],
  ['GET /', 'xjira.test'],
  ['GET https://evil.test/', 'jira.test'],
  ['GET https://jira.test:8443/', 'jira.test'],
  ['GET http://jira.test/', 'jira.test'],
  ['GET http://jira.test:443/', 'jira.test'],
  ['GET https://jira.test/', 'evil.test'],
  ['OPTIONS *', 'evil.test'],
])('H3: %s with Host %s is misdirected in a tunnel to jira.test', (line, host) => {
  expect(codeOf(() => targetOf(request(line, host), TUNNEL))).toBe('misdirected');
});

test.each([
  ['CONNECT jira.test:443', 'jira.test:443', 'target'],
  ['GET /', '::', 'target'],
  ['GET /', 'jira.test:99999', 'target'],
  ['GET /', '-jira.test', 'target'],
])('%s with Host %s is refused in a tunnel', (line, host, code) => {
  expect(codeOf(() => targetOf(request(line, host), TUNNEL))).toBe(code);
});

test('H4: targetOf() outside a tunnel is the absolute target, whatever Host says', () => {
  expect(targetOf(request('GET http://jira.test/', 'evil.test'), undefined)).toEqual({
    scheme: 'http',
    host: 'jira.test',
    port: 80,
  });
  expect(targetOf(request('CONNECT jira.test:443', 'evil.test'), undefined)).toEqual(TUNNEL);
});

test('P6: targetOf() outside a tunnel never takes the host from an origin-form request', () => {
  expect(codeOf(() => targetOf(request('GET /', 'jira.test'), undefined))).toBe('target');
  expect(codeOf(() => targetOf(request('OPTIONS *', 'jira.test'), undefined))).toBe('target');
});

test.each(['', 'a b', 'a,b', 'a/b', 'u@a', 'ä', 'a\x00'])('checkHost(%j) is refused', (value) => {
  expect(codeOf(() => checkHost(value))).toBe('host');
});

test('checkHost() accepts names and addresses with port', () => {
  for (const value of ['a.test', 'A.TEST:8443', '127.0.0.1:80', '[::1]:8443']) checkHost(value);
});
