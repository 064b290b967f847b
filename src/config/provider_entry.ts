import { isSigError } from '../errors.ts';
import { formatDomain, parseDomain } from '../target/domain.ts';
import { parseLoopbackRedirect } from '../target/loopback_redirect.ts';
import { parseUrl } from '../target/target.ts';
import type { OAuth2Config, ProviderConfig, SignConfig, Strategy, TotpConfig } from './config.ts';
import { parseDuration } from './duration.ts';
import {
  type Field,
  hasEnvironment,
  openMap,
  readChoice,
  readEnvironmentText,
  readFlag,
  readList,
  readMap,
  readText,
  type Scope,
} from './field.ts';
import { readAllowRule, readApplyRule, readExtractRule } from './rule_entry.ts';
import type { Entry, MapNode } from './tree.ts';

const OAUTH_KEYS = [
  'tokenUrl',
  'issuer',
  'clientId',
  'clientSecret',
  'scopes',
  'grant',
  'audience',
  'authMethod',
  'redirectUri',
  'dpop',
] as const;
const OWN_KEYS = [
  'name',
  'domains',
  'entryUrl',
  'strategy',
  'validateUrl',
  'validateRule',
  'loginMode',
  'loginUrlPatterns',
  'ttl',
  'networkProxy',
  'allowHttp',
  'allowPrivate',
  'caFile',
  'extract',
  'apply',
  'allow',
  'oauth2',
  'totp',
  'sign',
  'signatureAgent',
  'signatureAgentForm',
] as const;

/** The keys of a provider entry. */
export const PROVIDER_KEYS: readonly string[] = [...OWN_KEYS, ...OAUTH_KEYS];

const SIGCLI_HINT = 'this is a setting of sigcli 1.x; "sig import sigcli" converts such a file';
const SIGCLI_KEYS: Readonly<Record<string, string>> = Object.fromEntries(
  ['required', 'cookiePaths', 'forceVisible', 'config', 'setupInstructions', 'xHeaders', 'localStorage', 'proxy']
    .map((key) => [key, SIGCLI_HINT]),
);

/**
 * Reads a provider entry.
 *
 * @returns what could be read; nothing when even the strategy could not
 */
export function readProvider(id: string, entry: Entry, map: MapNode, scope: Scope): ProviderConfig | undefined {
  scope.mark([], entry.keyStart);
  const fields = openMap(map, [], scope, PROVIDER_KEYS, SIGCLI_KEYS);
  const require = (key: string, hint?: string) => {
    if (!fields.has(key)) scope.report(entry.keyStart, `"${key}" is missing`, hint);
  };
  require('domains', 'list the hosts that get the credential');
  require('strategy', 'one of: browser, oauth2, prompt, key');
  const strategy = readChoice(fields.get('strategy'), ['browser', 'oauth2', 'prompt', 'key']);
  const oauth2 = readOAuth2(fields, entry, strategy, scope);
  if (strategy === 'browser' || strategy === 'prompt') {
    require('extract', 'say what a login keeps');
    require('apply', 'say where the values go in a request');
  }
  const sign = readSign(fields, scope);
  if (strategy === 'key') {
    require('sign', 'a login that is a key signs requests with it: sign: web-bot-auth');
    const field = fields.get('extract');
    if (field) scope.report(field.offset, '"extract" is not for strategy "key"', 'a key yields no values');
  }
  const extract = readExtract(fields.get('extract'), strategy);
  const apply = readList(fields.get('apply'), readApplyRule, "[{ in: header, name: Cookie, value: '${session}' }]");
  const rest = withoutUndefined({
    name: readEnvironmentText(fields.get('name')),
    entryUrl: readUrl(fields.get('entryUrl')),
    validateUrl: readUrl(fields.get('validateUrl')),
    validateRule: readText(fields.get('validateRule')),
    loginMode: readChoice(fields.get('loginMode'), ['auto', 'headless', 'visible']),
    loginUrlPatterns: readList(fields.get('loginUrlPatterns'), readText, "['https://*/login*']"),
    ttlSec: readTtl(fields.get('ttl'), scope),
    networkProxy: readNetworkProxy(fields.get('networkProxy')),
    allowHttp: readFlag(fields.get('allowHttp')),
    allowPrivate: readFlag(fields.get('allowPrivate')),
    caFile: readEnvironmentText(fields.get('caFile')),
    allow: readList(fields.get('allow'), readAllowRule, "['GET /api/**']"),
    oauth2,
    totp: readTotp(fields.get('totp'), strategy),
    sign,
  });
  const domains = readDomains(fields.get('domains'));
  if (strategy === undefined) return undefined;
  const defaults = defaultRules(strategy);
  return {
    id,
    domains: domains ?? [],
    strategy,
    extract: extract ?? defaults.extract,
    apply: apply ?? defaults.apply,
    ...rest,
  };
}

/** The rules of an entry that names none: OAuth always yields an access token, used as RFC 6750 says. */
export function defaultRules(strategy: Strategy): Pick<ProviderConfig, 'extract' | 'apply'> {
  if (strategy !== 'oauth2') return { extract: [], apply: [] };
  return {
    extract: [{ from: 'oauth2', as: 'access_token' }],
    apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
  };
}

function readDomains(field: Field | undefined): string[] | undefined {
  const seen = new Set<string>();
  return readList(field, (item) => {
    const text = readEnvironmentText(item);
    if (text === undefined || hasEnvironment(text)) return text;
    const domain = attempt(item, '', () => formatDomain(parseDomain(text)));
    if (domain === undefined) return undefined;
    if (seen.has(domain)) {
      item.scope.report(item.offset, `domain "${domain}" is listed twice`);
      return undefined;
    }
    seen.add(domain);
    return text;
  }, '[jira.example.com]');
}

function readExtract(field: Field | undefined, strategy: Strategy | undefined): ProviderConfig['extract'] | undefined {
  const seen = new Set<string>();
  return readList(field, (item) => {
    const rule = readExtractRule(item, strategy);
    if (rule === undefined || !seen.has(rule.as)) {
      if (rule) seen.add(rule.as);
      return rule;
    }
    item.scope.report(item.offset, `two extract rules define "${rule.as}"`, 'give each its own "as"');
    return undefined;
  }, "[{ from: cookies, as: session, match: '*' }]");
}

/** The OAuth fields, which may stand in the entry itself or under `oauth2:`. */
function readOAuth2(
  fields: ReadonlyMap<string, Field>,
  entry: Entry,
  strategy: Strategy | undefined,
  scope: Scope,
): OAuth2Config | undefined {
  const group = fields.get('oauth2');
  const nested = group && readMap(group, OAUTH_KEYS, '"oauth2"');
  const found = new Map<string, Field>();
  for (const key of OAUTH_KEYS) {
    const here = fields.get(key);
    const there = nested?.get(key);
    if (here && there) {
      scope.report(there.offset, `"${key}" stands in the entry and under "oauth2"`, 'keep one of them');
    }
    const field = there ?? here;
    if (!field) continue;
    found.set(key, field);
    scope.mark(['oauth2', key], field.offset);
    if (strategy !== undefined && strategy !== 'oauth2') {
      scope.report(field.offset, `"${key}" is only for strategy "oauth2"`);
    }
  }
  if (strategy === 'oauth2' && !found.has('tokenUrl') && !found.has('issuer')) {
    scope.report(entry.keyStart, 'strategy "oauth2" needs "tokenUrl" or "issuer"');
  }
  if (found.size === 0) return undefined;
  return withoutUndefined({
    tokenUrl: readUrl(found.get('tokenUrl')),
    issuer: readUrl(found.get('issuer')),
    clientId: readEnvironmentText(found.get('clientId')),
    clientSecret: readEnvironmentText(found.get('clientSecret')),
    scopes: readList(found.get('scopes'), readEnvironmentText, '[read, write]'),
    grant: readChoice(found.get('grant'), ['client_credentials', 'authorization_code', 'device_code']),
    audience: readEnvironmentText(found.get('audience')),
    authMethod: readChoice(found.get('authMethod'), [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'none',
    ]),
    redirectUri: readRedirectUri(found.get('redirectUri')),
    dpop: readFlag(found.get('dpop')),
  });
}

/** A seed is a secret: it stands in the vault or the environment, never here. */
function readTotp(field: Field | undefined, strategy: Strategy | undefined): TotpConfig | undefined {
  const fields = field && readMap(field, ['secretFrom', 'domains'], '"totp"');
  if (!fields) return undefined;
  const report = (at: Field, message: string, hint?: string) => at.scope.report(at.offset, message, hint);
  if (strategy !== undefined && strategy !== 'browser') report(field, '"totp" is only for strategy "browser"');
  const source = fields.get('secretFrom');
  const secretFrom = readEnvironmentText(source);
  if (!source) report(field, '"secretFrom" is missing', 'vault, or ${NAME} of a variable');
  else if (secretFrom !== undefined && secretFrom !== 'vault' && !/^\$\{\w+\}$/.test(secretFrom)) {
    report(source, '"secretFrom" is neither "vault" nor one variable', 'store the seed with: sig login --totp');
  }
  const domains = readDomains(fields.get('domains'));
  return secretFrom === undefined ? undefined : { secretFrom, ...(domains === undefined ? {} : { domains }) };
}

/** Three keys that stand beside each other in the entry. */
function readSign(fields: ReadonlyMap<string, Field>, scope: Scope): SignConfig | undefined {
  const [sign, agent, form] = ['sign', 'signatureAgent', 'signatureAgentForm'].map((key) => fields.get(key));
  if (!sign) {
    for (const field of [agent, form]) if (field) scope.report(field.offset, `${field.label} needs "sign"`);
    return undefined;
  }
  const profile = readChoice(sign, ['web-bot-auth']);
  const origin = readEnvironmentText(agent);
  if (!agent) scope.report(sign.offset, '"signatureAgent" is missing', 'the https origin that publishes the key');
  else if (origin !== undefined && !hasEnvironment(origin) && !isHttpsOrigin(origin)) {
    scope.report(agent.offset, '"signatureAgent" is not an https origin', 'write it like https://bot.example');
  }
  const written = readChoice(form, ['dictionary', 'legacy-string']);
  if (profile === undefined || origin === undefined) return undefined;
  return { profile, agent: origin, ...(written === undefined ? {} : { form: written }) };
}

function isHttpsOrigin(text: string): boolean {
  try {
    const { target, path } = parseUrl(text);
    return target.scheme === 'https' && path === '/' && !/[?#]/.test(text);
  } catch {
    return false; // Reported like every other text that is none.
  }
}

function readUrl(field: Field | undefined): string | undefined {
  const text = readEnvironmentText(field);
  if (text === undefined || hasEnvironment(text)) return text;
  return attempt(field!, `${field!.label}: `, () => (parseUrl(text), text));
}

function readRedirectUri(field: Field | undefined): string | undefined {
  const text = readEnvironmentText(field);
  if (text === undefined || hasEnvironment(text)) return text;
  return attempt(field!, `${field!.label}: `, () => (parseLoopbackRedirect(text), text));
}

const PROXY_SCHEMES = ['http', 'https', 'socks5', 'socks5h'];

function readNetworkProxy(field: Field | undefined): string | undefined {
  const text = readEnvironmentText(field);
  if (text === undefined || hasEnvironment(text)) return text;
  const report = (message: string, hint?: string) => {
    field!.scope.report(field!.offset, message, hint);
    return undefined;
  };
  const hint = 'write socks5://127.0.0.1:1080';
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return report('"networkProxy" is not a URL', hint);
  if (!PROXY_SCHEMES.includes(scheme)) {
    return report(`"networkProxy" cannot be of scheme "${scheme}"`, `one of: ${PROXY_SCHEMES.join(', ')}`);
  }
  // The URL parser knows authorities of http alone; a user name and password may stand in it.
  if (!URL.canParse(`http${text.slice(scheme.length)}`) || !/^[^/]+:\/\/[^/?#\\\s]+\/?$/.test(text)) {
    return report('"networkProxy" must be a scheme, a host and a port', hint);
  }
  return text;
}

function readTtl(field: Field | undefined, scope: Scope): number | undefined {
  if (!field) return undefined;
  const { node, offset } = field;
  if (node.kind === 'scalar' && typeof node.value === 'number') {
    scope.report(offset, '"ttl" needs a unit', `did you mean "${node.value}s"?`);
    return undefined;
  }
  const text = readText(field);
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined) {
    scope.report(offset, '"ttl" is not a duration', 'write 30s, 5m, 12h or 7d');
    return undefined;
  }
  scope.mark(['ttlSec'], offset);
  return seconds;
}

/** Runs a parser of `target/` and turns its refusal into a mistake at the field. */
function attempt<T>(field: Field, prefix: string, parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!isSigError(error)) throw error;
    field.scope.report(
      field.offset,
      prefix + error.message.charAt(0).toLowerCase() + error.message.slice(1),
      error.hint,
    );
    return undefined;
  }
}

/** The object without the keys that have no value. */
function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
