import { expect, test } from 'vitest';
import { isLoginPage } from '../../../src/provider/login_page.ts';
import { makeProvider } from '../../_lib/fixture.ts';

test.each<[string, boolean]>([
  ['https://x.test/login', true],
  ['https://x.test/Login.aspx', true],
  ['https://x.test/users/sign_in', true],
  ['https://x.test/users/sign-in', true],
  ['https://x.test/auth/realms/x', true],
  ['https://x.test/saml2/idp', true],
  ['https://x.test/oauth2/authorize', true],
  ['https://x.test/app#/login', true],
  ['https://x.test/app#/login?next=/', true],
  ['https://x.test/app#!/signin', true],
  ['https://x.test/app#login', false],
  ['https://x.test/', false],
  ['https://x.test/author/1', false],
  ['https://x.test/blog/login-page-design', true],
  ['https://x.test/?next=/login', false],
  ['https://login.x.test/', false],
])('isLoginPage(%s) is %j by what it looks like', (url, expected) => {
  expect(isLoginPage(makeProvider(), url)).toBe(expected);
});

test.each<[string[], string, boolean]>([
  [['/start'], 'https://x.test/start', true],
  [['/start'], 'https://x.test/login', false],
  [['https://*/enter*'], 'https://x.test/de/enter/1', true],
  [['#/welcome'], 'https://x.test/app#/welcome', true],
  [['/a*z'], 'https://x.test/abc', false],
  [[], 'https://x.test/login', false],
])('isLoginPage() by loginUrlPatterns %j of %s is %j', (loginUrlPatterns, url, expected) => {
  expect(isLoginPage(makeProvider({ loginUrlPatterns }), url)).toBe(expected);
});
