import type { AllowRule, ApplyRule, ExtractRule, ProviderConfig, Strategy } from '../config/config.ts';
import { isSigError } from '../errors.ts';
import { type DomainPattern, matchDomain, parseDomain } from '../target/domain.ts';
import { parseUrl } from '../target/target.ts';
import { environmentNames, expandEnvironment, parseTemplate, type Template, templateKeys } from './template.ts';

/** An `apply` rule with its template parsed. */
export interface CompiledApply extends ApplyRule {
  readonly template: Template;
}

/** A provider that is ready to be used: checked, parsed, and nothing left to guess. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly strategy: Strategy;
  readonly domains: readonly DomainPattern[];
  readonly extract: readonly ExtractRule[];
  readonly apply: readonly CompiledApply[];
  readonly allow: readonly AllowRule[] | undefined;
  readonly allowHttp: boolean;
  readonly allowPrivate: boolean;
  /** The entry itself, with its environment names still in it. */
  readonly config: ProviderConfig;
}

/** A mistake that only shows when a provider entry is seen as a whole. */
export interface ProviderIssue {
  /** Path within the entry, such as `['apply', 0, 'value']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** Header names that a rule must not set: they are the wire's own (RFC 9110 §7.6.1, 9112 §6). */
const WIRE_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'proxy-authorization',
  'proxy-connection',
  'expect',
]);
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Turns a provider entry into a {@link Provider} and reports what is wrong with it.
 *
 * @param env answers with an environment variable's value; domains are read with it at once
 */
export function compileProvider(
  entry: ProviderConfig,
  env: (name: string) => string | undefined,
): { readonly provider: Provider; readonly issues: readonly ProviderIssue[] } {
  const issues: ProviderIssue[] = [];
  const domains = compileDomains(entry, env, issues);
  const apply = compileApply(entry, issues);
  if (entry.oauth2?.dpop && !apply.some((rule) => isTokenHeader(rule, 'DPoP'))) {
    issues.push({
      path: ['oauth2', 'dpop'],
      message: '"dpop" needs the access token in the header "Authorization"',
      hint: "apply: [{ in: header, name: Authorization, value: 'DPoP ${access_token}' }]",
    });
  }
  checkUrls(entry, domains, issues);
  const provider: Provider = {
    id: entry.id,
    name: entry.name ?? entry.id,
    strategy: entry.strategy,
    domains,
    extract: entry.extract,
    apply,
    allow: entry.allow,
    allowHttp: entry.allowHttp ?? false,
    allowPrivate: entry.allowPrivate ?? false,
    config: entry,
  };
  return { provider, issues };
}

function compileDomains(
  entry: ProviderConfig,
  env: (name: string) => string | undefined,
  issues: ProviderIssue[],
): DomainPattern[] {
  return entry.domains.flatMap((text, i) => {
    const path = ['domains', i];
    const expanded = expandEnvironment(text, env);
    if ('unset' in expanded) {
      issues.push({ path, message: `environment variable "${expanded.unset}" is not set` });
      return [];
    }
    try {
      return [parseDomain(expanded.text)];
    } catch (error) {
      if (!isSigError(error)) throw error;
      const message = error.message.charAt(0).toLowerCase() + error.message.slice(1);
      issues.push({ path, message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
      return [];
    }
  });
}

/** The keys that `apply` may use: each `as`, and what OAuth always yields. */
function knownKeys(entry: ProviderConfig): Set<string> {
  const keys = new Set(entry.extract.map((rule) => rule.as));
  if (entry.strategy === 'oauth2') keys.add('access_token');
  return keys;
}

function compileApply(entry: ProviderConfig, issues: ProviderIssue[]): CompiledApply[] {
  const keys = knownKeys(entry);
  const signs = new Set(signatureFields({ config: entry }).map((name) => name.toLowerCase()));
  return entry.apply.map((rule, i) => {
    const template = parseTemplate(rule.value);
    const unknown = templateKeys(template).filter((key) => !keys.has(key));
    for (const key of unknown) {
      const hint = keys.size > 0 ? `known: ${[...keys].join(', ')}` : 'no extract rule defines a key';
      issues.push({ path: ['apply', i, 'value'], message: `unknown key "\${${key}}"`, hint });
    }
    if (template.some((part) => typeof part === 'string' && part.includes('${'))) {
      issues.push({ path: ['apply', i, 'value'], message: '"${" without a key and "}" behind it' });
    }
    if (rule.in === 'header') checkHeader(rule, ['apply', i], issues);
    if (rule.in === 'header' && signs.has(rule.name.toLowerCase())) {
      issues.push({ path: ['apply', i, 'name'], message: `header "${rule.name}" is what "dpop" or "sign" sets` });
    }
    const isSetBefore = entry.apply.slice(0, i).some((other) => setsSamePlace(other, rule));
    if (isSetBefore) issues.push({ path: ['apply', i, 'name'], message: `${rule.in} "${rule.name}" is set twice` });
    // RFC 9449 §7.1: a bound token goes with its own scheme. What is written for a bearer token stands for it.
    if (entry.oauth2?.dpop && isTokenHeader({ ...rule, template }, 'Bearer')) {
      return { ...rule, value: rule.value.replace(/^Bearer/i, 'DPoP'), template: ['DPoP ', ...template.slice(1)] };
    }
    return { ...rule, template };
  });
}

/** Whether a rule puts one value behind a scheme into `Authorization`, and nothing else. */
function isTokenHeader({ in: where, name, action, template }: CompiledApply, scheme: string): boolean {
  const [first, second, ...rest] = template;
  return where === 'header' && name.toLowerCase() === 'authorization' && (action ?? 'set') === 'set' &&
    typeof first === 'string' && first.toLowerCase() === `${scheme.toLowerCase()} ` && typeof second === 'object' &&
    rest.length === 0;
}

const NO_FIELDS: readonly string[] = [];

/** The names of the header fields that a provider's keys sign a request with. */
export function signatureFields({ config }: Pick<Provider, 'config'>): readonly string[] {
  if (!config.sign && !config.oauth2?.dpop) return NO_FIELDS;
  return [
    ...(config.oauth2?.dpop ? ['DPoP'] : []),
    ...(config.sign ? ['Signature-Agent', 'Signature-Input', 'Signature'] : []),
  ];
}

/** Whether the later rule would undo the earlier one. Cookies join in one header. */
function setsSamePlace(a: ApplyRule, b: ApplyRule): boolean {
  if (a.in !== b.in || (a.action ?? 'set') !== 'set' || (b.action ?? 'set') !== 'set') return false;
  if (a.in !== 'header') return a.name === b.name;
  return a.name.toLowerCase() === b.name.toLowerCase() && a.name.toLowerCase() !== 'cookie';
}

function checkHeader(rule: ApplyRule, path: readonly (string | number)[], issues: ProviderIssue[]): void {
  if (!TOKEN.test(rule.name)) issues.push({ path: [...path, 'name'], message: `"${rule.name}" is not a header name` });
  if (WIRE_HEADERS.has(rule.name.toLowerCase())) {
    issues.push({
      path: [...path, 'name'],
      message: `header "${rule.name}" belongs to the connection and cannot be set`,
    });
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(rule.value)) {
    issues.push({ path: [...path, 'value'], message: 'a header value cannot hold control characters' });
  }
}

/** A URL that the credential is sent to must lie inside the provider's domains. */
function checkUrls(entry: ProviderConfig, domains: readonly DomainPattern[], issues: ProviderIssue[]): void {
  for (const key of ['entryUrl', 'validateUrl'] as const) {
    const text = entry[key];
    if (text === undefined || environmentNames(text).length > 0) continue;
    try {
      const { target } = parseUrl(text);
      if (key === 'validateUrl' && domains.length > 0 && !domains.some((domain) => matchDomain(domain, target))) {
        issues.push({
          path: [key],
          message: `host "${target.host}" is not one of the provider's domains, and the credential would be sent there`,
        });
      }
    } catch (error) {
      if (!isSigError(error)) throw error;
      issues.push({ path: [key], message: error.message.charAt(0).toLowerCase() + error.message.slice(1) });
    }
  }
}
