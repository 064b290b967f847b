import { expect, test } from 'vitest';
import { parentOnlyVariables, proxyEnvironment, proxyUrl } from '../../../src/proxy/child_environment.ts';
import { makeOAuthProvider } from '../../_lib/fixture.ts';

const proxy = {
  port: 8080,
  token: 'tok',
  extraCaFile: '/x/ca.pem',
  bundleFile: '/x/all.pem',
  trustStoreFile: '/x/all.p12',
  hosts: ['api.example.com'],
};

test('proxyEnvironment() tells every known program of proxy and CA', () => {
  const variables = proxyEnvironment(proxy, '-Xmx1g');
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']) {
    expect(variables[name], name).toBe('http://sig:tok@127.0.0.1:8080');
  }
  for (const name of ['SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'GIT_SSL_CAINFO', 'AWS_CA_BUNDLE']) {
    expect(variables[name], name).toBe('/x/all.pem');
  }
  for (const name of ['NODE_EXTRA_CA_CERTS', 'DENO_CERT']) expect(variables[name], name).toBe('/x/ca.pem');
  expect(variables.NODE_USE_ENV_PROXY).toBe('1');
  expect(variables.JAVA_TOOL_OPTIONS).toBe(
    '-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8080 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8080 ' +
      '-Djavax.net.ssl.trustStore=/x/all.p12 -Djavax.net.ssl.trustStoreType=PKCS12',
  );
});

test('Java exempts loopback by itself, unless a provider claims some of it', () => {
  expect(proxyEnvironment(proxy).JAVA_TOOL_OPTIONS).not.toContain('nonProxyHosts');
  expect(proxyEnvironment({ ...proxy, hosts: ['[::1]'] }).JAVA_TOOL_OPTIONS).toContain(' -Dhttp.nonProxyHosts= ');
});

test.each([
  ['/a b/c', '"/a b/c"'],
  ['C:\\A B\\c', '"C:\\A B\\c"'],
  ["/it's", `"/it's"`],
  ['/a"b c', `"/a"'"'"b c"`],
])('a path that Java would split, %s, is quoted', (trustStoreFile, quoted) => {
  expect(proxyEnvironment({ ...proxy, trustStoreFile }).JAVA_TOOL_OPTIONS).toContain(`trustStore=${quoted} `);
});

test('a loopback host that a provider claims is not exempt from the proxy', () => {
  expect(proxyEnvironment(proxy).NO_PROXY).toBe('localhost,127.0.0.1,::1');
  expect(proxyEnvironment({ ...proxy, hosts: ['localhost'] }).no_proxy).toBe('127.0.0.1,::1');
});

test("R10: the child does not get what is the parent's alone", () => {
  const provider = makeOAuthProvider({
    oauth2: { clientSecret: '${MY_SECRET}' },
    networkProxy: 'http://${PROXY_USER}:x@p:1',
  });
  const names = parentOnlyVariables([provider]);
  for (const name of ['SIG_PASSPHRASE_FILE', 'NODE_TLS_REJECT_UNAUTHORIZED', 'MY_SECRET', 'PROXY_USER']) {
    expect(names).toContain(name);
  }
});

test('proxyUrl() carries user and token', () => {
  expect(new URL(proxyUrl(proxy))).toMatchObject({ username: 'sig', password: 'tok', port: '8080' });
});
