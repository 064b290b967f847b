import { expect, test } from 'vitest';
import { explainTlsFailure } from '../../../../cli/platform/upstream/tls_failure.ts';

test.each([
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['invalid peer certificate: Expired', 'has expired'],
  ['CERT_NOT_YET_VALID', 'not valid yet'],
  ['invalid peer certificate: NotValidYet', 'not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'another name'],
  ['invalid peer certificate: NotValidForName', 'another name'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'private CA'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'private CA'],
  ['invalid peer certificate: CaUsedAsEndEntity', 'private CA'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'is not known'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'is not known'],
  ['invalid peer certificate: UnknownIssuer', 'is not known'],
  ['INVALID_PURPOSE', 'not one for servers'],
  ['CERT_REVOKED', 'revoked'],
  ['EE_KEY_TOO_SMALL', 'weak key'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS 1.2 or 1.3'],
  ['received fatal alert: HandshakeFailure', 'TLS 1.2 or 1.3'],
  ['received corrupt message of type InvalidContentType', 'does not speak TLS'],
  ['CERT_UNHEARD_OF', 'cannot be verified'],
])('explainTlsFailure() of %s says that it is %s', (code, why) => {
  const cause = Object.assign(new Error('x'), { code });
  const error = explainTlsFailure('a.test', cause);
  expect(error).toMatchObject({ code: 'E_UPSTREAM_TLS', cause });
  expect(error.message).toContain(why);
  expect(explainTlsFailure('a.test', new Error(code)).message).toBe(error.message);
});

test('explainTlsFailure() names the names that a certificate is for', () => {
  const cause = Object.assign(new Error('x'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    cert: { subjectaltname: 'DNS:b.test' },
  });
  expect(explainTlsFailure('a.test', cause).hint).toBe('it is for DNS:b.test');
});

test('explainTlsFailure() tells how to add a CA where that helps, and only there', () => {
  expect(explainTlsFailure('a.test', new Error('UnknownIssuer')).hint).toContain('SIG_EXTRA_CA');
  expect(explainTlsFailure('a.test', new Error('CERT_HAS_EXPIRED')).hint).not.toContain('CA');
});

test('explainTlsFailure() of a lost connection is no matter of trust', () => {
  expect(explainTlsFailure('a.test', new Error('read ECONNRESET'))).toMatchObject({ code: 'E_UPSTREAM' });
});
