import type { Credential } from '../credential/credential.ts';
import type { ProofAlgorithm } from '../dpop/algorithm.ts';
import { beginAttempt, createTaught, type Taught, type WireAnswer } from '../dpop/attempt.ts';
import { importKey, type SigningKey } from '../encoding/signing_key.ts';
import { SigError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { type Provider, signatureFields } from '../provider/provider.ts';
import { type Environment, readSetting } from '../provider/settings.ts';
import type { Secret } from '../secret.ts';
import type { RequestHead } from '../target/head.ts';
import { originOf } from '../target/target.ts';

/** One request that is signed, over all its sendings. */
export interface Signing {
  /**
   * Signs a head that is otherwise as it will be sent; anew for each sending.
   *
   * @param credentials one for each provider: token and key of each are of one login (security case D12)
   * @throws {SigError} E_LOGIN_REQUIRED when a login has no such key, E_PLAINTEXT, E_BAD_CREDENTIAL_VALUE, E_ENV_UNSET
   */
  sign(head: RequestHead, credentials: readonly Credential[]): Promise<RequestHead>;
  /**
   * Learns from the answer to what was signed last.
   *
   * @param isReplayable whether the body can be sent once more
   * @returns whether to sign and send it again; a refused token is not mended so
   * @throws {SigError} E_DPOP_NONCE, E_CLOCK
   */
  mend(answer: WireAnswer, isReplayable: boolean): boolean;
}

/** Signs requests, and remembers what servers taught. */
export interface Signer {
  /** @returns `undefined` when no key of these providers signs requests */
  readonly begin: (providers: readonly Provider[]) => Signing | undefined;
  /** Forgets the keys (security case S24). */
  readonly forget: () => void;
}

/**
 * Creates a signer for the requests of one program.
 *
 * @param taught what servers taught before; default nothing
 */
export function createSigner(clock: Clock, env: Environment, taught: Taught = createTaught(() => clock.now())): Signer {
  let cache = createKeyCache();

  function begin(providers: readonly Provider[]): Signing | undefined {
    if (providers.every((provider) => signatureFields(provider).length === 0)) return undefined;
    const bound = providers.findIndex(({ config }) => config.oauth2?.dpop === true);
    const bots = providers.flatMap(({ config }, i) => config.sign ? [i] : []);
    if (bots.length > 1) {
      const [first, second] = bots.map((i) => providers[i]!.id);
      throw new SigError('E_CONFLICT', `Providers "${first}" and "${second}" both sign with Web Bot Auth`, {
        hint: 'one request comes from one bot: name one of them',
      });
    }
    const keyOf = cache;
    const attempt = bound < 0 ? undefined : beginAttempt('RS', taught);
    return {
      async sign(head, credentials) {
        let signed = head;
        if (attempt) {
          const provider = providers[bound]!;
          const { keys, values } = credentials[bound]!;
          const jwk = requireKey(provider, keys?.dpop);
          signed = await attempt.prove(signed, {
            key: await keyOf(`dpop ${provider.id}`, jwk),
            algorithm: jwk.reveal().alg as ProofAlgorithm,
            accessToken: values.access_token,
          });
        }
        for (const i of bots) {
          const provider = providers[i]!;
          const key = await keyOf(`bot ${provider.id}`, requireKey(provider, credentials[i]!.keys?.webBotAuth));
          signed = await signAsBot(signed, provider, key, clock, env);
        }
        return signed;
      },
      mend: (answer, isReplayable) => attempt?.mend(answer, isReplayable) !== undefined,
    };
  }
  return { begin, forget: () => void (cache = createKeyCache()) };
}

const BOT_FIELDS = new Set(['signature-agent', 'signature-input', 'signature']);

/** A client's own signature would be of another sender: it is left out, as every header that is injected replaces its like. */
async function signAsBot(
  head: RequestHead,
  provider: Provider,
  key: SigningKey,
  clock: Clock,
  env: Environment,
): Promise<RequestHead> {
  const { agent, form } = provider.config.sign!;
  const headers = head.headers.filter(([name]) => !BOT_FIELDS.has(name.toLowerCase()));
  const message = { method: head.method, url: originOf(head.target) + head.path, headers };
  // Loaded by those who sign so: it is a quarter of what the path is otherwise.
  const { signWebBotAuth } = await import('../message_signature/web_bot_auth.ts');
  const fields = await signWebBotAuth(message, {
    key,
    agent: readSetting(provider, 'signatureAgent', agent, env),
    profile: form,
    now: () => clock.now(),
  });
  return { ...head, headers: [...headers, ...fields] };
}

function requireKey(provider: Provider, jwk: Secret<JsonWebKey> | undefined): Secret<JsonWebKey> {
  if (jwk) return jwk;
  throw new SigError('E_LOGIN_REQUIRED', `Login of "${provider.id}" has no key to sign with`, {
    hint: `sig login ${provider.id}`,
    provider: provider.id,
  });
}

/** Imports keys, each once: a login is opened anew every moment, and importing costs as much as signing. */
function createKeyCache(): (name: string, jwk: Secret<JsonWebKey>) => Promise<SigningKey> {
  const cache = new Map<string, { readonly d: string | undefined; readonly key: Promise<SigningKey> }>();
  return (name, jwk) => {
    const { d } = jwk.reveal();
    const known = cache.get(name);
    if (known !== undefined && known.d === d) return known.key;
    const key = importKey(jwk.reveal());
    cache.set(name, { d, key });
    return key;
  };
}
