import type { Credential, OAuth2Session } from '../credential/credential.ts';
import type { Credentials } from '../credential/credentials.ts';
import { SigError } from '../errors.ts';
import type { AuditSink, Prompt } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { obtainKey, withBotKey } from './bot_key.ts';
import { obtainBound } from './bound_tokens.ts';
import { type OAuth2Ports, obtainOAuth2 } from './oauth2.ts';
import { isPersonGrant, obtainWithPerson, type PersonPorts } from './person.ts';
import { obtainPrompt } from './prompt.ts';
import { type Probed, validateCredential, type Validity } from './validate.ts';

/** What a login needs of the world. */
export interface LoginPorts extends OAuth2Ports {
  readonly credentials: Credentials;
  readonly prompt: Prompt;
  readonly audit: AuditSink;
  /** Obtains by browser; absent where there is none. */
  readonly browse?: (provider: Provider, old: Credential | undefined) => Promise<Credential>;
  /** For the grants with a person in them; absent where there is none. */
  readonly person?: PersonPorts;
}

/** A finished login. */
export interface LoginResult {
  readonly credential: Credential;
  /** What the site said; `unknown` only where there is no validateUrl to ask. */
  readonly validity: Validity;
}

/**
 * Logs a person in: obtain → validate → seal. The old credential stays until the new one is
 * stored; a login that fails anywhere changes nothing (security case S17).
 *
 * @param given client data from the command line, for OAuth
 * @param beforeSeal runs when the login is good and nothing is stored yet: a new provider's config entry is written there
 * @throws {SigError} E_LOGIN_FAILED when the site refuses the new credential, E_UNVERIFIED when it cannot say, and what the
 * strategy throws
 */
export async function login(
  provider: Provider,
  ports: LoginPorts,
  given: OAuth2Session = {},
  beforeSeal: () => Promise<void> = () => Promise.resolve(),
): Promise<LoginResult> {
  const old = await openOld(provider, ports);
  const obtained = await withBotKey(provider, await obtain(provider, old, given, ports), old);
  const { credential, ...validity } = await accept(provider, obtained, ports);
  await beforeSeal();
  await ports.audit.write({ event: 'login', provider: provider.id, strategy: provider.strategy });
  await ports.credentials.seal(credential);
  return { credential, validity };
}

/** An old record that cannot be read must not stand in the way of a new login. */
async function openOld(provider: Provider, ports: LoginPorts): Promise<Credential | undefined> {
  try {
    return await ports.credentials.open(provider.id);
  } catch (error) {
    if (error instanceof SigError && ['E_CORRUPT', 'E_FORMAT', 'E_TAMPER', 'E_ROLLBACK'].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

async function obtain(
  provider: Provider,
  old: Credential | undefined,
  given: OAuth2Session,
  ports: LoginPorts,
): Promise<Credential> {
  switch (provider.strategy) {
    case 'prompt':
      return await obtainPrompt(provider, ports);
    case 'oauth2': {
      // A person who logs in wants a new grant, not the old refresh token.
      const { refreshToken: _spent, ...client } = old?.oauth2 ?? {};
      const known = { ...client, ...given };
      return await obtainBound(
        provider,
        undefined,
        ports,
        async (signing, jkt) =>
          isPersonGrant(provider) && ports.person
            ? await obtainWithPerson(provider, known, { ...signing, ...ports.person }, jkt)
            : await obtainOAuth2(provider, known, signing),
      );
    }
    case 'key':
      return obtainKey(provider, ports.clock);
    case 'browser':
      if (ports.browse) return await ports.browse(provider, old);
      throw new SigError('E_LOGIN_FAILED', `Provider "${provider.id}" logs in with a browser, and there is none here`, {
        provider: provider.id,
      });
  }
}

async function accept(provider: Provider, obtained: Credential, ports: LoginPorts): Promise<Probed> {
  const validity = await validateCredential(provider, obtained, ports);
  if (validity.valid === 'no') {
    throw new SigError('E_LOGIN_FAILED', `Site of "${provider.id}" does not accept the new login: ${validity.seen}`, {
      hint: 'the login that was there before is kept; check validateUrl and validateRule if you are sure it is good',
      provider: provider.id,
    });
  }
  if (validity.valid === 'unknown' && provider.config.validateUrl !== undefined) {
    throw new SigError(
      'E_UNVERIFIED',
      `Cannot tell whether the new login of "${provider.id}" works: ${validity.seen}`,
      {
        hint: 'nothing was stored; try again later',
        provider: provider.id,
      },
    );
  }
  return validity;
}
