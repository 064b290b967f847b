import type { Provider } from '../provider/provider.ts';
import { environmentNames } from '../provider/template.ts';

/** What a program needs to know of its proxy. */
export interface ChildProxy {
  readonly port: number;
  readonly token: string;
  /** File with the proxy's CA, and further ones that the user trusts. */
  readonly extraCaFile: string;
  /** File with those and the system's roots. */
  readonly bundleFile: string;
  /** The same certificates as Java reads them: PKCS #12 without a password. */
  readonly trustStoreFile: string;
  /** The hosts that the proxy intercepts. */
  readonly hosts: readonly string[];
}

/** Variables that add a CA to the program's own. */
const EXTRA_CA = ['NODE_EXTRA_CA_CERTS', 'DENO_CERT'] as const;
/** Variables that replace the CAs of a program. */
const CA_BUNDLE = [
  'SSL_CERT_FILE',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
  'PIP_CERT',
  'CARGO_HTTP_CAINFO',
  'HTTPLIB2_CA_CERTS',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  'NIX_SSL_CERT_FILE',
] as const;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The URL that programs are given for the proxy: user and token included. */
export function proxyUrl({ port, token }: Pick<ChildProxy, 'port' | 'token'>): string {
  return `http://sig:${token}@127.0.0.1:${port}`;
}

/**
 * The variables by which programs find the proxy and trust its CA: those of curl, OpenSSL, Node, Deno,
 * Bun, Python, git, AWS, cargo and Java.
 *
 * @param javaOptions what `JAVA_TOOL_OPTIONS` holds already
 */
export function proxyEnvironment(proxy: ChildProxy, javaOptions = ''): Record<string, string> {
  const url = proxyUrl(proxy);
  // What a provider claims must come to us, whatever was exempt before.
  const exempt = LOOPBACK.filter((host) => !proxy.hosts.includes(host)).map((host) => host.replace(/[[\]]/g, ''));
  const variables: Record<string, string> = { NODE_USE_ENV_PROXY: '1' };
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']) {
    variables[name] = url;
    variables[name.toLowerCase()] = url;
  }
  for (const name of ['NO_PROXY', 'no_proxy']) variables[name] = exempt.join(',');
  for (const name of EXTRA_CA) variables[name] = proxy.extraCaFile;
  for (const name of CA_BUNDLE) variables[name] = proxy.bundleFile;
  variables.JAVA_TOOL_OPTIONS = [javaOptions, ...javaProperties(proxy)].filter((text) => text !== '').join(' ');
  return variables;
}

/** What the JVM takes for each program that it runs: proxy and trust store are properties there. */
function javaProperties({ port, hosts, trustStoreFile }: ChildProxy): string[] {
  const properties = ['http', 'https'].flatMap((scheme) => [
    `${scheme}.proxyHost=127.0.0.1`,
    `${scheme}.proxyPort=${port}`,
  ]);
  // Java exempts loopback by itself, also when it is told of other hosts; only an empty list takes that back.
  if (LOOPBACK.some((host) => hosts.includes(host))) properties.push('http.nonProxyHosts=');
  properties.push(`javax.net.ssl.trustStore=${quoteForJava(trustStoreFile)}`, 'javax.net.ssl.trustStoreType=PKCS12');
  return properties.map((property) => `-D${property}`);
}

/** `JAVA_TOOL_OPTIONS` is split at white space; either quote keeps a text together, and nothing escapes it. */
function quoteForJava(path: string): string {
  if (!/[\s'"]/.test(path)) return path;
  return path.split(/(?=")|(?<=")/).map((part) => part === '"' ? `'"'` : `"${part}"`).join('');
}

/** Variables that are sig's own business, or hold what a child must not have (security case R10). */
export function parentOnlyVariables(providers: readonly Provider[]): string[] {
  const named = providers.flatMap(({ config }) =>
    [config.oauth2?.clientSecret, config.networkProxy].flatMap((text) =>
      text === undefined ? [] : environmentNames(text)
    )
  );
  return ['SIG_PASSPHRASE_FILE', 'SIG_PASSPHRASE', 'SIG_EXTRA_CA', 'NODE_TLS_REJECT_UNAUTHORIZED', ...named];
}
