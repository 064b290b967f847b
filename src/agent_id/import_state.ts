import { decodePem } from '../encoding/pem.ts';
import { exportKey, readPublicJwk, type SigningKey } from '../encoding/signing_key.ts';
import { jwkThumbprint } from '../encoding/jwk_thumbprint.ts';
import { SigError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { parseServiceUrl } from './authority.ts';
import { type AgentSession, readClaims } from './session.ts';

/** An identity from elsewhere: a private JWK, and the session bound to it when there is one. */
export interface ImportedState {
  readonly jwk: JsonWebKey;
  readonly session?: AgentSession;
}

/**
 * Reads the plaintext state of the agent-id skill: `keys/main.json` and `owner-session.json`. The
 * session may go nowhere until its services are discovered.
 *
 * @param keyText content of `keys/main.json`
 * @param sessionText content of `owner-session.json`, if there is one
 * @throws {SigError} E_IMPORT
 */
export async function importState(
  keyText: string,
  sessionText: string | undefined,
  nowSec: number,
): Promise<ImportedState> {
  const { privateKeyPem } = parse(keyText, 'keys/main.json');
  const jwk = await importPem(privateKeyPem);
  if (sessionText === undefined) return { jwk };
  const file = 'owner-session.json';
  const record = parse(sessionText, file);
  const text = (name: string): string => {
    const value = record[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new SigError('E_IMPORT', `Cannot import "${file}": "${name}" is missing`);
  };
  const base = text('ssoBaseUrl').replace(/\/+$/, '');
  parseServiceUrl(base, true);
  const accessToken = text('accessToken');
  const { exp, jkt } = readClaims(accessToken);
  const thumbprint = await jwkThumbprint(readPublicJwk(jwk).publicJwk);
  if (jkt !== undefined && jkt !== thumbprint) {
    throw new SigError('E_IMPORT', `Cannot import "${file}": its token is bound to another key`);
  }
  return {
    jwk,
    session: {
      profile: 'alien',
      issuer: text('issuer'),
      tokenUrl: `${base}/oauth/token`,
      jwksUrl: `${base}/oauth/jwks`,
      clientId: text('providerAddress'),
      algorithm: 'EdDSA',
      jkt: thumbprint,
      accessToken: new Secret(accessToken),
      ...(typeof record.refreshToken === 'string' ? { refreshToken: new Secret(record.refreshToken) } : {}),
      ...(typeof record.idToken === 'string' ? { idToken: new Secret(record.idToken) } : {}),
      obtainedAtSec: nowSec,
      ...(exp === undefined ? {} : { expiresAtSec: exp }),
      subject: text('ownerSessionSub'),
      allowedOrigins: [],
    },
  };
}

async function importPem(pem: unknown): Promise<JsonWebKey> {
  try {
    const [der] = decodePem('PRIVATE KEY', String(pem));
    const privateKey = await crypto.subtle.importKey('pkcs8', der!, { name: 'Ed25519' }, true, ['sign']);
    const { publicJwk } = readPublicJwk(await crypto.subtle.exportKey('jwk', privateKey));
    return await exportKey({ kind: 'Ed25519', privateKey, publicJwk } as SigningKey);
  } catch (cause) {
    throw new SigError('E_IMPORT', 'Cannot import "keys/main.json": it holds no Ed25519 key', { cause });
  }
}

function parse(text: string, file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below, without the text.
  }
  throw new SigError('E_IMPORT', `Cannot import "${file}": it is not a JSON object`);
}
