import { hasValues } from '../credential/credential.ts';
import type { Credential } from '../credential/credential.ts';
import type { Credentials } from '../credential/credentials.ts';
import { rollCookies } from '../credential/roll.ts';
import { isSigError } from '../errors.ts';
import type { AuditSink, WireResponse } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { isNamed } from '../target/field_name.ts';
import type { HeaderPairs, RequestHead } from '../target/head.ts';

/** What keeping cookies needs. */
export interface RollPorts {
  readonly credentials: Pick<Credentials, 'update'>;
  readonly audit: AuditSink;
}

/**
 * Stores the cookies that a site set in its answer in the login that the request carried. What is
 * stored by then is changed, not the copy that was sent, so that nothing newer is lost.
 *
 * The answer is worth more than the cookie: when it cannot be stored, the audit log says so.
 */
export async function keepCookies(
  provider: Provider,
  sent: Credential,
  head: RequestHead,
  response: Pick<WireResponse, 'status' | 'headers'>,
  nowSec: number,
  ports: RollPorts,
): Promise<void> {
  // A refused login is not kept alive by what the refusal sets: it is renewed.
  if (response.status === 401) return;
  const roll = (credential: Credential) => rollCookies(credential, provider.extract, head, response.headers, nowSec);
  if (await roll(sent) === sent) return;
  try {
    await ports.credentials.update(provider.id, async (stored) => {
      if (stored === undefined || !hasValues(stored)) return undefined;
      const rolled = await roll(stored);
      return rolled === stored ? undefined : rolled;
    });
  } catch (error) {
    if (!isSigError(error)) throw error;
    await ports.audit.write({ event: 'roll', provider: provider.id, failure: error.code });
  }
}

/** Fields without the cookies that a site sets; the very same pairs when there are none. */
export function withoutCookies(fields: HeaderPairs): HeaderPairs {
  return fields.some(isSetCookie) ? fields.filter((field) => !isSetCookie(field)) : fields;
}

/** Whether a field sets a cookie. */
export function isSetCookie([name]: readonly [name: string, value: string]): boolean {
  return isNamed(name, 'set-cookie') || isNamed(name, 'set-cookie2');
}
