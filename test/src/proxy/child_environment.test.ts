import { expect, test } from 'vitest';
import { parentOnlyVariables, proxyEnvironment, proxyUrl } from '../../../src/proxy/child_environment.ts';
import { makeOAuthProvider } from '../../_lib/fixture.ts';

const proxy = { port: 1234, token: 't', extraCaFile: '/extra', bundleFile: '/bundle', hosts: ['localhost'] };

test('proxyEnvironment() tells every kind of program, and exempts loopback but what is claimed', () => {
  const env = proxyEnvironment(proxy, '-Xmx1g');
  expect(env.HTTPS_PROXY).toBe(proxyUrl(proxy));
  expect(env).toMatchObject({
    https_proxy: env.HTTPS_PROXY,
    NO_PROXY: '127.0.0.1,::1',
    SSL_CERT_FILE: '/bundle',
    NODE_EXTRA_CA_CERTS: '/extra',
  });
  expect(env.JAVA_TOOL_OPTIONS).toMatch(/^-Xmx1g -Dhttp\.proxyHost=127\.0\.0\.1 -Dhttp\.proxyPort=1234/);
});

test('R10: parentOnlyVariables() names those that hold what config.yaml keeps out of itself', () => {
  const provider = makeOAuthProvider({
    oauth2: { tokenUrl: 'https://a.example/t', clientId: 'c', clientSecret: '${MY_SECRET}' },
  });
  expect(parentOnlyVariables([provider])).toEqual(expect.arrayContaining(['MY_SECRET', 'SIG_PASSPHRASE_FILE']));
});
