/** An authorization server in memory, for the grants with a person in them. */
import type { ProviderConfig } from '../../src/config/config.ts';
import type { PersonLoginPorts } from '../../src/login/person.ts';
import type { WireResponse } from '../../src/ports.ts';
import { answer, fixedClock, makeOAuthProvider, scriptedSend, type Seen } from './fixture.ts';
import { honestAnswer, type MemoryBrowser, memoryBrowser } from './loopback.ts';
import { quickTimer } from './timer.ts';

export const ISSUER = 'https://as.example.com';

/** What the server says; each has an honest default. */
export interface ServerSays {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly token?: (seen: Seen, count: number) => WireResponse;
  readonly device?: Readonly<Record<string, unknown>>;
  readonly visit?: (page: URL) => string | undefined;
}

/** A login that may begin. */
export interface PersonWorld extends MemoryBrowser {
  readonly provider: ReturnType<typeof makeOAuthProvider>;
  readonly ports: PersonLoginPorts;
  readonly clock: ReturnType<typeof fixedClock>;
  readonly seen: readonly Seen[];
  /** The forms that the token endpoint got. */
  tokenForms(): Record<string, string>[];
}

/** A public client of that server, with everything in memory. */
export function personWorld(
  grant: 'authorization_code' | 'device_code',
  says: ServerSays = {},
  oauth2: ProviderConfig['oauth2'] = {},
): PersonWorld {
  const clock = fixedClock();
  let polls = 0;
  const send = scriptedSend((seen) => {
    if (seen.head.path === '/.well-known/openid-configuration') {
      return answer(200, {
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/auth`,
        token_endpoint: `${ISSUER}/token`,
        device_authorization_endpoint: `${ISSUER}/device`,
        revocation_endpoint: `${ISSUER}/revoke`,
        authorization_response_iss_parameter_supported: true,
        ...says.metadata,
      });
    }
    if (seen.head.path === '/device') {
      return answer(200, {
        device_code: 'device-1',
        user_code: 'ABCD-EFGH',
        verification_uri: `${ISSUER}/activate`,
        expires_in: 600,
        ...says.device,
      });
    }
    if (seen.head.path === '/token') {
      return says.token?.(seen, ++polls) ??
        answer(200, { access_token: 'at', token_type: 'Bearer', expires_in: 60, refresh_token: 'rt' });
    }
    return answer(404);
  });
  const browser = memoryBrowser(says.visit ?? ((page) => honestAnswer(page, ISSUER)));
  return {
    ...browser,
    clock,
    seen: send.seen,
    provider: makeOAuthProvider({ oauth2: { issuer: ISSUER, clientId: 'public', grant, ...oauth2 } }),
    ports: {
      send,
      clock,
      env: () => undefined,
      timer: quickTimer((ms) => clock.advance(ms)),
      listen: browser.listen,
      invite: browser.invite,
    },
    tokenForms: () =>
      send.seen.filter(({ head }) => head.path === '/token').map(({ body }) =>
        Object.fromEntries(new URLSearchParams(body))
      ),
  };
}
