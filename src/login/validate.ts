import { renderPlacements } from '../apply/placement.ts';
import { placeInHead } from '../apply/place.ts';
import type { Credential } from '../credential/credential.ts';
import { rollCookies } from '../credential/roll.ts';
import { valueFor } from '../credential/value_for.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';
import { readAll } from '../encoding/read_all.ts';
import { isSigError } from '../errors.ts';
import type { WireResponse } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { readSetting, sendOptionsOf } from '../provider/settings.ts';
import { evaluateRule } from '../rule/evaluate.ts';
import { parseRule } from '../rule/parse.ts';
import type { Check } from '../sig/retest.ts';
import { createSigner } from '../sig/sign.ts';
import { matchDomain } from '../target/domain.ts';
import type { RequestHead } from '../target/head.ts';
import { authorityOf, parseUrl } from '../target/target.ts';
import { isLoginPage } from '../provider/login_page.ts';
import type { OAuth2Ports } from './oauth2.ts';

/**
 * Whether a site accepts a credential. `unknown` means that nobody could say: it never destroys an
 * old login and never accepts a new one.
 */
export interface Validity {
  readonly valid: 'yes' | 'no' | 'unknown';
  /** What was seen, without any value: `status 200`, `redirect to login.example.com`. */
  readonly seen: string;
}

/** A {@link Validity}, and the credential as the site's answers left it: some rotate the session at every one. */
export interface Probed extends Validity {
  readonly credential: Credential;
}

/** Largest body that a rule gets to see, in bytes. */
const BODY_LIMIT = 1024 * 1024;
const MAX_HOPS = 5;

/**
 * Asks the provider's `validateUrl` whether a credential works.
 *
 * @returns `unknown` when the provider has no validateUrl, and when the answer says nothing (429, 5xx, no connection)
 */
export async function validateCredential(
  provider: Provider,
  credential: Credential,
  ports: OAuth2Ports,
): Promise<Probed> {
  const { validateUrl } = provider.config;
  if (validateUrl === undefined) return { valid: 'unknown', seen: 'no validateUrl', credential };
  const signing = createSigner(ports.clock, ports.env).begin([provider]);
  let url = readSetting(provider, 'validateUrl', validateUrl, ports.env);
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    let response: WireResponse;
    let body: unknown;
    try {
      const head = headFor(url, provider, credential, ports);
      const options = sendOptionsOf(provider, head.target, ports.env);
      response = await ports.send(signing ? await signing.sign(head, [credential]) : head, null, options);
      while (signing?.mend(response, true)) {
        await response.body[Symbol.asyncIterator]().return?.();
        response = await ports.send(await signing.sign(head, [credential]), null, options);
      }
      body = await readBody(response);
      const nowSec = Math.floor(ports.clock.now() / 1000);
      credential = await rollCookies(credential, provider.extract, head, response.headers, nowSec);
    } catch (error) {
      if (isSigError(error, 'E_MISSING_VALUE')) {
        return { valid: 'no', seen: 'no value for this URL', credential };
      }
      if (isSigError(error) && error.exitCode === 6) {
        return { valid: 'unknown', seen: error.message, credential };
      }
      throw error;
    }
    const next = sameProviderRedirect(response, url, provider);
    if (next === undefined) return { ...judge(provider, response, body, url), credential };
    url = next;
  }
  return { valid: 'no', seen: 'a redirect loop', credential };
}

/**
 * The check of logins that `createSig` and the proxy make when an answer speaks against one.
 *
 * @example
 * ```ts
 * const sig = createSig({ …, check: createCheck({ send, clock, env }) });
 * ```
 */
export function createCheck(ports: OAuth2Ports): Check {
  return (provider, credential) => validateCredential(provider, credential, ports);
}

/** Judges one answer: the provider's rule when there is one, else status and redirect. */
function judge(provider: Provider, response: WireResponse, body: unknown, url: string): Validity {
  const { status } = response;
  const seen = `status ${status}`;
  const isTransient = status === 429 || status >= 500;
  const { validateRule } = provider.config;
  if (validateRule !== undefined) {
    const headers = Object.fromEntries(response.headers.map(([name, value]) => [name.toLowerCase(), value]));
    try {
      if (evaluateRule(parseRule(validateRule), { status, headers, body })) {
        return { valid: 'yes', seen: `${seen}, rule holds` };
      }
    } catch (error) {
      if (!isSigError(error, 'E_RULE_BUDGET')) throw error;
      return { valid: 'unknown', seen: `${seen}, rule gave up` };
    }
    return isTransient ? { valid: 'unknown', seen } : { valid: 'no', seen: `${seen}, rule does not hold` };
  }
  if (isTransient) return { valid: 'unknown', seen };
  if (status === 401 || status === 403) return { valid: 'no', seen };
  if (status >= 200 && status < 300) return { valid: 'yes', seen };
  const location = redirectOf(response, url);
  if (location === undefined) return { valid: 'unknown', seen };
  return { valid: 'no', seen: `redirect to ${location.host}` };
}

function headFor(url: string, provider: Provider, credential: Credential, ports: OAuth2Ports): RequestHead {
  const { target, path } = parseUrl(url);
  const headers: [string, string][] = [['Host', authorityOf(target)], [
    'Accept',
    'application/json, text/html;q=0.9, */*;q=0.8',
  ]];
  const head: RequestHead = { method: 'GET', target, path, headers };
  const nowSec = Math.floor(ports.clock.now() / 1000);
  const lookUp = (key: string, rule: { in: 'header' | 'query' | 'body'; name: string }) =>
    valueFor(credential, provider.extract, key, rule, head, nowSec);
  return placeInHead(head, renderPlacements(provider, lookUp).filter((placement) => placement.in !== 'body'));
}

/** A redirect that stays on the provider's own hosts and does not look like a login page is followed. */
function sameProviderRedirect(response: WireResponse, from: string, provider: Provider): string | undefined {
  const next = redirectOf(response, from);
  if (next === undefined) return undefined;
  try {
    const { target, href } = parseUrl(next.href);
    if (target.scheme !== 'https' && !provider.allowHttp) return undefined;
    if (!provider.domains.some((domain) => matchDomain(domain, target))) return undefined;
    return isLoginPage(provider, href) ? undefined : href;
  } catch {
    return undefined; // not a URL that a credential could go to
  }
}

function redirectOf(response: WireResponse, from: string): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
  return location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined;
}

/** The body as a rule sees it: parsed when it is JSON, else text; `null` when it is too large. */
async function readBody(response: WireResponse): Promise<unknown> {
  const bytes = await readAll(response.body, BODY_LIMIT);
  if (bytes === undefined) return null;
  try {
    const text = decodeUtf8(bytes);
    try {
      return JSON.parse(text);
    } catch {
      return text; // the rule language says: JSON when it parses, else text
    }
  } catch {
    return null; // binary
  }
}
