/**
 * What must work where nothing is permitted: no file, no network, no environment. Each case is one
 * line in the list below. No test framework here, and nothing but the core, so that the same file
 * runs on Deno without permissions, on Node and on Bun.
 *
 * @module
 */

import { coversHost, createAuthority, createLeafKey, issueLeaf } from '../../src/certificate/authority.ts';
import { readCertificate } from '../../src/certificate/certificate.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { readJsonPath } from '../../src/credential/json_path.ts';
import { encodeUtf8 } from '../../src/encoding/bytes.ts';
import { createProof, createReplayStore, generateKey, verifyProof } from '../../src/dpop/mod.ts';
import { decodePem } from '../../src/encoding/pem.ts';
import { SigError } from '../../src/errors.ts';
import { buildClientCredentials } from '../../src/oauth/client_credentials.ts';
import { processTokenResponse } from '../../src/oauth/token_response.ts';
import { createProviderSet } from '../../src/provider/find.ts';
import { evaluateRule } from '../../src/rule/evaluate.ts';
import { parseRule } from '../../src/rule/parse.ts';
import { ruleResponse } from '../../src/rule/response.ts';
import { Secret } from '../../src/secret.ts';
import { createSig } from '../../src/sig/create_sig.ts';
import { isPublicSuffix } from '../../src/target/public_suffix.ts';
import { parseUrl } from '../../src/target/target.ts';
import {
  answer,
  fixedClock,
  headOf,
  makeCredential,
  makeProvider,
  memoryAudit,
  memoryCredentials,
  memoryVault,
  NOW_MS,
  scriptedSend,
} from '../_lib/fixture.ts';

/** One case: what came out, and what should have; compared as JSON. */
export type PortableCase = () => Outcome | Promise<Outcome>;

type Outcome = readonly [actual: unknown, expected: unknown];

/** The cases by their titles. */
export const CASES: Readonly<Record<string, PortableCase>> = {
  'parseUrl() canonicalises': () => [parseUrl('https://EX.com./a?b#c').href, 'https://ex.com/a?b'],
  'isPublicSuffix() knows the list': () => [isPublicSuffix('co.uk'), true],
  'Secret hides its value': () => [JSON.stringify(new Secret('x')), '"[secret]"'],
  'SigError has its exit status': () => [new SigError('E_NO_PROVIDER', 'x').exitCode, 3],
  'readJsonPath() follows data': () => [readJsonPath({ a: [{ b: 'x' }] }, 'a.0.b'), 'x'],
  'parseConfig() finds a mistake':
    () => [firstMistake('jira:\n  domains: [a.example]\n  nmae: x\n'), 'unknown key "nmae"'],
  'evaluateRule() judges a response': () => [judge('res.body.ok && res.status < 300', '{"ok":true}'), true],
  'createProviderSet() matches a target': () => [matchHost('https://api.example.com/x'), 'api'],
  'the vault seals and opens': async () => [await sealAndOpen({ token: 'x' }), { token: 'x' }],
  'createSig() applies a credential': async () => [await authorizationSent(), 'Bearer token-1'],
  'an OAuth exchange gives a token': async () => [await exchangeToken(), 'granted'],
  'createProof() signs what verifyProof() takes': async () => [await proveAndVerify(), true],
  'issueLeaf() signs for its hosts only': async () => [await issue(), [NOW_MS / 1000 - 3600 + 7 * 86_400, false]],
};

/** Runs all cases. @returns one text for each that failed */
export async function runCases(): Promise<string[]> {
  const failures: string[] = [];
  for (const [title, run] of Object.entries(CASES)) {
    try {
      const [actual, expected] = (await run()).map((value) => JSON.stringify(value));
      if (actual !== expected) failures.push(`${title}: ${actual} instead of ${expected}`);
    } catch (error) {
      failures.push(`${title}: ${error}`);
    }
  }
  return failures;
}

function firstMistake(config: string): string | undefined {
  return parseConfig(config).issues.find((issue) => issue.line === 3)?.message;
}

function judge(rule: string, body: string): boolean {
  return evaluateRule(parseRule(rule), ruleResponse(200, [], body));
}

function matchHost(url: string): string | undefined {
  const match = createProviderSet([makeProvider()]).match(parseUrl(url).target, 'GET', '/x');
  return match.kind === 'one' ? match.provider.id : undefined;
}

async function sealAndOpen(value: unknown): Promise<unknown> {
  const vault = memoryVault();
  await vault.seal('credentials/api', value);
  return (await vault.open('credentials/api'))?.value;
}

async function authorizationSent(): Promise<string | undefined> {
  const provider = makeProvider();
  const send = scriptedSend(() => answer(200));
  const sig = createSig({
    providers: createProviderSet([provider]),
    credentials: await memoryCredentials(makeCredential(provider)),
    send,
    renew: () => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'Log in')),
    audit: memoryAudit(),
    clock: fixedClock(),
  });
  await sig.request(headOf('https://api.example.com/me'), [encodeUtf8('body')]);
  return send.seen[0]?.header('authorization');
}

async function exchangeToken(): Promise<string> {
  const send = scriptedSend((seen) =>
    answer(200, { access_token: seen.body.includes('grant_type=client_credentials') ? 'granted' : '', expires_in: 60 })
  );
  const { head, body } = buildClientCredentials({
    tokenUrl: 'https://as.example.com/token',
    client: { clientId: 'client', clientSecret: new Secret('client-secret') },
  });
  return (await processTokenResponse(await send(head, body), 'api')).accessToken.reveal();
}

async function proveAndVerify(): Promise<boolean> {
  const request = { method: 'GET', url: 'https://api.example.com/me' };
  const proof = await createProof(await generateKey('ES256'), request);
  return (await verifyProof(proof, { ...request, replays: createReplayStore() })).ok;
}

async function issue(): Promise<unknown> {
  const nowSec = NOW_MS / 1000;
  const { authority } = await createAuthority({ commonName: 'portable', nowSec, permittedHosts: ['a.example'] });
  const leaf = await issueLeaf(authority, { hosts: ['a.example'], key: await createLeafKey(), nowSec });
  const read = readCertificate(decodePem('CERTIFICATE', leaf.certificatePem)[0]!);
  return [read.notAfterSec, coversHost(authority, 'b.example')];
}
