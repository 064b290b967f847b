import { SigError } from '../../../src/errors.ts';

/** Deno 2.9.6 has one code for an unknown CA, wrong dates and a wrong purpose. */
const UNVERIFIED = 'Deno' in globalThis
  ? 'the CA of its certificate is not known, or its dates or purpose are wrong'
  : 'the CA of its certificate is not known';

/** Causes, by what OpenSSL (Node), BoringSSL (Bun) and rustls (Deno) call them. First match wins. */
const CAUSES: readonly (readonly [pattern: RegExp, why: string, hint: string | undefined])[] = [
  [/NOT_YET_VALID|NotValidYet|not yet valid/i, 'its certificate is not valid yet', 'check the clock of this machine'],
  [
    /HAS_EXPIRED|Expired|has expired/i,
    'its certificate has expired',
    'its owner must renew it; check the clock of this machine',
  ],
  [
    /ALTNAME_INVALID|NotValidForName|HOSTNAME_MISMATCH|does not match certificate/i,
    'its certificate is for another name',
    undefined,
  ],
  [/REVOKED/i, 'its certificate was revoked', undefined],
  [
    /INVALID_PURPOSE|InvalidPurpose|RequiredEkuNotFound|unsuitable|unsupported certificate purpose/i,
    'its certificate is not one for servers',
    undefined,
  ],
  [
    /KEY_TOO_SMALL|key too small|MD_TOO_WEAK|md too weak|UnsupportedSignatureAlgorithm|InvalidSignatureForPublicKey|SIGNATURE_FAILURE|weak key/i,
    'its certificate has a weak key or signature',
    undefined,
  ],
  [
    /SELF_SIGNED|self.signed|CaUsedAsEndEntity/i,
    'its certificate is signed by itself or by a private CA',
    'add that CA as "caFile" of the provider, or as SIG_EXTRA_CA',
  ],
  [
    /UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|UnknownIssuer|unable to (get|verify)|CERT_UNTRUSTED|CERT_CHAIN_TOO_LONG/i,
    UNVERIFIED,
    'add that CA as "caFile" of the provider, or as SIG_EXTRA_CA',
  ],
  [
    /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|WRONG_VERSION|protocol version|HandshakeFailure|HANDSHAKE_FAILURE|handshake failure|PeerIncompatible|NO_APPLICATION_PROTOCOL|no application protocol|WRONG_SSL|unsupported protocol|peer is incompatible/i,
    'it does not speak TLS 1.2 or 1.3 as this needs it',
    undefined,
  ],
  [
    /InvalidContentType|packet length|WRONG_VERSION_NUMBER|corrupt message/i,
    'it does not speak TLS',
    'is this an http:// address?',
  ],
  [/certificate|CERT_|BadEncoding/i, 'its certificate cannot be verified', undefined],
];

/**
 * Says why a TLS connection was not made.
 *
 * @param name the server as messages name it
 * @returns E_UPSTREAM_TLS for what the server showed, E_UPSTREAM when it hung up
 */
export function explainTlsFailure(name: string, cause: Error): SigError {
  const { code = '', cert } = cause as Error & { code?: string; cert?: { subjectaltname?: string } };
  const text = `${code} ${cause.message}`;
  for (const [pattern, why, hint] of CAUSES) {
    if (!pattern.test(text)) continue;
    const names = cert?.subjectaltname?.slice(0, 200);
    return new SigError('E_UPSTREAM_TLS', `Cannot trust "${name}": ${why}`, {
      hint: hint ?? (names ? `it is for ${names}` : undefined),
      cause,
    });
  }
  return new SigError('E_UPSTREAM', `Cannot begin TLS with "${name}": the connection broke`, { cause });
}
