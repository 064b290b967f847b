/**
 * Answers that speak against the login that their request carried, though they are no 401.
 *
 * A `validateRule` is written for the answer of `validateUrl`. Of any other answer it may be false for good reasons (a
 * page that is not found, an endpoint that answers in another form), so a false rule only casts doubt: what decides is
 * `validateUrl` itself, see `createRetest`. The same is true for what the built-in detection knows without a rule: 403
 * and a redirect to a login page. Of a provider without `validateUrl` nothing is doubted.
 *
 * @module
 */

import { decodeUtf8 } from '../encoding/bytes.ts';
import { readAll } from '../encoding/read_all.ts';
import { isSigError } from '../errors.ts';
import type { BodyDecoders, WireResponse } from '../ports.ts';
import { isLoginPage } from '../provider/login_page.ts';
import type { Provider } from '../provider/provider.ts';
import { decodeBody, readCodings } from '../redact/content_coding.ts';
import { evaluateRule } from '../rule/evaluate.ts';
import { parseRule, type Rule } from '../rule/parse.ts';
import { readsBody } from '../rule/reads_body.ts';
import { type RuleResponse, ruleResponse } from '../rule/response.ts';
import type { RequestHead } from '../target/head.ts';
import { originOf } from '../target/target.ts';

/** A login that an answer speaks against. */
export interface Doubt {
  readonly provider: Provider;
  /** What the audit log says of it. */
  readonly why: 'validateRule' | 'status 403' | 'login page';
}

/** The head of an answer. */
export type AnswerHead = Pick<WireResponse, 'status' | 'headers'>;

/** Largest body, coded and decoded, that rules get to see of an answer on its way to the client, in bytes. */
export const DOUBT_LIMIT: number = 64 * 1024;
/** How long an answer is held at most until its body is there, in milliseconds. Then it goes on unjudged. */
export const DOUBT_HOLD_MS = 500;

const NONE: readonly Doubt[] = [];
/** Such a body comes when something happens, or is for no rule. */
const TEXT = /^\s*(?:$|application\/(?:[\w.-]+\+)?json\s*(?:;|$)|text\/(?!event-stream))/i;

/** Whether answers of any of these are looked at. */
export function canDoubt(providers: readonly Provider[]): boolean {
  return providers.some(({ config }) => config.validateUrl !== undefined);
}

/**
 * What the head of an answer says.
 *
 * @param head of the request
 * @returns `'body'` when a rule must see the body too, by {@link doubtsByBody}
 */
export function doubtsByHead(
  providers: readonly Provider[],
  head: Pick<RequestHead, 'method' | 'target' | 'path'>,
  answer: AnswerHead,
): readonly Doubt[] | 'body' {
  const { status } = answer;
  // 401 has its own way; nobody can say anything by a passing failure; a part, or what has not changed, is no answer.
  if (status === 401 || status === 429 || status >= 500 || status === 206 || status === 304) return NONE;
  let found: Doubt[] | undefined;
  for (const provider of providers) {
    if (provider.config.validateUrl === undefined) continue;
    const rule = ruleOf(provider);
    if (rule?.readsBody) {
      if (head.method !== 'HEAD' && status !== 204 && isText(answer)) return 'body';
      continue;
    }
    const why = rule ? doubtByRule(rule, ruleResponse(status, answer.headers, '')) : builtIn(provider, head, answer);
    if (why) (found ??= []).push({ provider, why });
  }
  return found ?? NONE;
}

/**
 * What an answer says with its body.
 *
 * @param body as it came over the wire, at most {@link DOUBT_LIMIT} bytes
 * @returns nothing when it cannot be read as text
 */
export async function doubtsByBody(
  providers: readonly Provider[],
  answer: AnswerHead,
  body: Uint8Array,
  decoders: BodyDecoders,
): Promise<readonly Doubt[]> {
  const text = await readText(answer, body, decoders);
  if (text === undefined) return NONE;
  const response = ruleResponse(answer.status, answer.headers, text);
  return providers.flatMap((provider) => {
    const rule = provider.config.validateUrl === undefined ? undefined : ruleOf(provider);
    const why = rule && doubtByRule(rule, response);
    return why ? [{ provider, why }] : [];
  });
}

interface KnownRule {
  readonly rule: Rule;
  readonly readsBody: boolean;
}

const rules = new WeakMap<Provider, KnownRule | null>();

function ruleOf(provider: Provider): KnownRule | null {
  let known = rules.get(provider);
  if (known === undefined) {
    const { validateRule } = provider.config;
    const rule = validateRule === undefined ? undefined : parseRule(validateRule);
    known = rule ? { rule, readsBody: readsBody(rule) } : null;
    rules.set(provider, known);
  }
  return known;
}

function doubtByRule({ rule }: KnownRule, response: RuleResponse): 'validateRule' | undefined {
  try {
    return evaluateRule(rule, response) ? undefined : 'validateRule';
  } catch (error) {
    // It gave up: that says nothing (security case C2).
    if (isSigError(error, 'E_RULE_BUDGET')) return undefined;
    throw error;
  }
}

function builtIn(
  provider: Provider,
  head: Pick<RequestHead, 'target' | 'path'>,
  { status, headers }: AnswerHead,
): Doubt['why'] | undefined {
  if (status === 403) return 'status 403';
  if (status < 301 || status > 308) return undefined;
  const location = headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
  const base = originOf(head.target) + head.path;
  if (location === undefined || !URL.canParse(location, base)) return undefined;
  return isLoginPage(provider, new URL(location, base).href) ? 'login page' : undefined;
}

function isText({ headers }: AnswerHead): boolean {
  return TEXT.test(headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '');
}

async function readText(answer: AnswerHead, body: Uint8Array, decoders: BodyDecoders): Promise<string | undefined> {
  const codings = readCodings(answer.headers);
  if (codings.some((coding) => !Object.hasOwn(decoders, coding))) return undefined;
  try {
    const plain = codings.length === 0 ? [body] : decodeBody(toChunks(body), codings, decoders);
    const bytes = await readAll(plain, DOUBT_LIMIT);
    return bytes && decodeUtf8(bytes);
  } catch {
    // Neither so coded nor UTF-8: whoever delivers it says what is wrong with it.
    return undefined;
  }
}

async function* toChunks(body: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield body;
}
