import { expect, test } from 'vitest';
import { buildFormRequest } from '../../../src/oauth/client.ts';
import { Secret } from '../../../src/secret.ts';

const client = { clientId: 'id:1', clientSecret: new Secret('s é%') };
const text = (body: unknown) => new TextDecoder().decode((body as Uint8Array[])[0]);
const header = (head: { headers: readonly (readonly [string, string])[] }, name: string) =>
  head.headers.find(([other]) => other === name)?.[1];

test('buildFormRequest() authenticates by Basic with both halves form-encoded (RFC 6749 §2.3.1)', () => {
  const { head, body } = buildFormRequest(
    'https://as.example/token?x=1',
    { grant_type: 'g', scope: undefined },
    client,
  );
  expect(head).toMatchObject({ method: 'POST', path: '/token?x=1' });
  expect(atob(header(head, 'Authorization')!.slice(6))).toBe('id%3A1:s+%C3%A9%25');
  expect(text(body)).toBe('grant_type=g');
  expect(header(head, 'Content-Length')).toBe('12');
});

test('buildFormRequest() authenticates in the body for client_secret_post', () => {
  const { head, body } = buildFormRequest('https://as.example/', {}, { ...client, authMethod: 'client_secret_post' });
  expect(header(head, 'Authorization')).toBeUndefined();
  expect(new URLSearchParams(text(body)).get('client_secret')).toBe('s é%');
});

test('buildFormRequest() of a public client sends its id alone', () => {
  expect(text(buildFormRequest('https://as.example/', {}, { clientId: 'c' }).body)).toBe('client_id=c');
});

test('buildFormRequest() needs a secret for the methods that use one', () => {
  expect(() => buildFormRequest('https://as.example/', {}, { clientId: 'c', authMethod: 'client_secret_basic' }))
    .toThrow(
      expect.objectContaining({ code: 'E_LOGIN_REQUIRED' }),
    );
});

test.each([['http://as.example/token', true], ['http://as.example/token', false], ['http://127.0.0.1:1/token', false], [
  'http://localhost.evil.example/',
  true,
]])(
  'B14: buildFormRequest() sends no secret to %s (allowHttp %j)',
  (url, allowHttp) => {
    expect(() => buildFormRequest(url, {}, client, allowHttp)).toThrow(
      expect.objectContaining({ code: 'E_PLAINTEXT' }),
    );
  },
);

test('buildFormRequest() speaks http on loopback when the provider allows it', () => {
  expect(buildFormRequest('http://127.0.0.1:8080/token', {}, client, true).head.target).toEqual({
    scheme: 'http',
    host: '127.0.0.1',
    port: 8080,
  });
});
