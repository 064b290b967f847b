/**
 * What must work where nothing is permitted: no file, no network, no environment, no clock of the
 * machine. Each case is one line in the list below; it throws when it fails. No test framework
 * here, and nothing but the core: the file runs on Deno without permissions, on Node and on Bun.
 *
 * @module
 */

import { coversHost, createAuthority, createLeafKey, issueLeaf } from '../../src/certificate/authority.ts';
import { readCertificate } from '../../src/certificate/certificate.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { readJsonPath } from '../../src/credential/json_path.ts';
import { decodePem } from '../../src/encoding/pem.ts';
import { SigError } from '../../src/errors.ts';
import { evaluateRule } from '../../src/rule/evaluate.ts';
import { parseRule } from '../../src/rule/parse.ts';
import { ruleResponse } from '../../src/rule/response.ts';
import { Secret } from '../../src/secret.ts';
import { parseDomain } from '../../src/target/domain.ts';
import { isPublicSuffix } from '../../src/target/public_suffix.ts';
import { parseUrl } from '../../src/target/target.ts';

/** One case: it gives a value and the value it should be, both comparable as JSON. */
export type PortableCase = () => Promise<readonly [actual: unknown, expected: unknown]> | readonly [
  actual: unknown,
  expected: unknown,
];

const NOW_SEC = 1_760_000_000;

export const CASES: Readonly<Record<string, PortableCase>> = {
  'parseUrl() canonicalises': () => [parseUrl('https://EX.com./a?b#c').href, 'https://ex.com/a?b'],
  'parseDomain() reads a wildcard': () => [parseDomain('*.example.com').wildcard, true],
  'isPublicSuffix() knows the list': () => [isPublicSuffix('co.uk'), true],
  'Secret hides its value': () => [JSON.stringify(new Secret('x')), '"[secret]"'],
  'SigError has its exit status': () => [new SigError('E_NO_PROVIDER', 'x').exitCode, 3],
  'readJsonPath() follows data': () => [readJsonPath({ a: [{ b: 'x' }] }, 'a.0.b'), 'x'],
  'evaluateRule() judges a response': () => [
    evaluateRule(parseRule('res.body.ok && res.status < 300'), ruleResponse(200, [], '{"ok":true}')),
    true,
  ],
  'issueLeaf() signs under a constrained CA': async () => {
    const made = await createAuthority({ commonName: 'portable', nowSec: NOW_SEC, permittedHosts: ['a.example'] });
    const leaf = await issueLeaf(made.authority, { hosts: ['a.example'], key: await createLeafKey(), nowSec: NOW_SEC });
    const read = readCertificate(decodePem('CERTIFICATE', leaf.certificatePem)[0]!);
    return [[read.notAfterSec, coversHost(made.authority, 'b.example')], [NOW_SEC - 3600 + 7 * 86_400, false]];
  },
};
