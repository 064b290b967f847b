import { decodeBase64url } from '../encoding/base64url.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';

/** One text to keep from coming back. */
export interface SecretText {
  readonly text: string;
  readonly kind: 'value' | 'cookie';
}

/** A JWT's or JWE's first part only says which algorithm is used; shorter parts say nothing. */
const MIN_TOKEN_PART = 16;
const COMPACT_TOKEN = /^eyJ[\w-]*(?:\.[\w-]*){2,4}$/;
const SCHEME_AND_TOKEN = /^[A-Za-z][A-Za-z0-9_-]* +([^\s,="]+=*)$/;
const BASIC = /^basic +([A-Za-z0-9+/_-]+)={0,2}$/i;

/** The secrets within a header value that was sent: its token, password or cookies. */
export function secretsOfHeader(name: string, value: string): SecretText[] {
  const field = name.toLowerCase();
  if (field === 'cookie' || field === 'set-cookie') return secretsOfCookies(value);
  const basic = BASIC.exec(value);
  if (basic) return [{ text: basic[1]!, kind: 'value' }, ...secretsOfBasic(basic[1]!)];
  const token = SCHEME_AND_TOKEN.exec(value);
  return [{ text: token ? token[1]! : value, kind: 'value' }];
}

function secretsOfCookies(header: string): SecretText[] {
  return header.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [] : [{ text: pair.slice(equals + 1).trim(), kind: 'cookie' }];
  });
}

/** RFC 7617: what follows the first colon is the password. */
function secretsOfBasic(encoded: string): SecretText[] {
  try {
    const pair = decodeUtf8(decodeBase64url(encoded.replaceAll('+', '-').replaceAll('/', '_')));
    return [{ text: pair.slice(pair.indexOf(':') + 1), kind: 'value' }];
  } catch {
    // Not a pair, or not in UTF-8: the encoded text is the secret then, and that is known already.
    return [];
  }
}

/** The other texts that would betray a secret: decoded, unquoted, and the parts of a token. */
export function variantsOf(secret: SecretText): SecretText[] {
  const { text, kind } = secret;
  const variants = [text];
  if (text.length > 2 && text.startsWith('"') && text.endsWith('"')) variants.push(text.slice(1, -1));
  const decoded = decodePercent(text);
  if (decoded !== undefined) variants.push(decoded);
  if (text.includes(' ')) variants.push(text.replaceAll(' ', '+'));
  for (const whole of [...variants]) {
    if (COMPACT_TOKEN.test(whole)) {
      variants.push(...whole.split('.').slice(1).filter((part) => part.length >= MIN_TOKEN_PART));
    }
  }
  return variants.map((variant) => ({ text: variant, kind }));
}

/** The text without its percent-encoding; `undefined` when it has none. */
export function decodePercent(text: string): string | undefined {
  if (!text.includes('%')) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded: a percent sign that means itself.
    return undefined;
  }
}
