import { SigError } from '../../../src/errors.ts';
import { decodeBase64url } from '../../../src/encoding/base64url.ts';
import { decodeUtf8 } from '../../../src/encoding/bytes.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';

/**
 * The token of a `Proxy-Authorization`: the password of Basic whatever the user name, or that of Bearer.
 *
 * @returns `undefined` when the field is absent
 */
export function presentedToken(fields: HeaderPairs, name = 'proxy-authorization'): string | undefined {
  const values = fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
  if (values.length === 0) return undefined;
  const found = /^(basic|bearer) +([A-Za-z0-9+/._~-]+=*)$/i.exec(values[0]!);
  // Two fields, or another scheme: something was presented, and it is not the token.
  if (!found || values.length > 1) return '';
  if (found[1]!.toLowerCase() === 'bearer') return found[2]!;
  try {
    const bytes = decodeBase64url(found[2]!.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
    const pair = decodeUtf8(bytes);
    return pair.slice(pair.indexOf(':') + 1);
  } catch {
    return ''; // Not Basic: something that is not the token.
  }
}

/** What the proxy knows of whoever is at the other end of a connection. */
export interface Caller {
  /**
   * Lets a request pass, or throws (security cases P2, P3): whoever presents a token must have the
   * right one, whoever presents none must be the user who started the proxy.
   *
   * @throws {SigError} E_PROXY_AUTH
   */
  check(fields: HeaderPairs): Promise<void>;
}

/** @param isSameUser asked at most once for each connection */
export function createCaller(isToken: (token: string) => boolean, isSameUser: () => Promise<boolean>): Caller {
  let sameUser: Promise<boolean> | undefined;
  return {
    async check(fields) {
      const token = presentedToken(fields);
      if (token === undefined ? await (sameUser ??= isSameUser()) : isToken(token)) return;
      throw new SigError('E_PROXY_AUTH', 'This proxy is not open to you', {
        hint: 'use the address that "sig proxy env" prints; each session has a token of its own',
      });
    },
  };
}
