import { mergePlacements, type Placement, renderPlacements } from '../apply/placement.ts';
import { placeInBody, placeInHead } from '../apply/place.ts';
import { describeUse, type UseFields } from '../audit/describe.ts';
import type { Credential } from '../credential/credential.ts';
import type { Taught } from '../dpop/attempt.ts';
import type { Bytes } from '../encoding/bytes.ts';
import { valueFor } from '../credential/value_for.ts';
import { isSigError, SigError } from '../errors.ts';
import type { SendOptions } from '../ports.ts';
import { type Provider, signatureFields } from '../provider/provider.ts';
import { type Environment, sendOptionsOf } from '../provider/settings.ts';
import type { HeaderPairs, RequestHead } from '../target/head.ts';
import type { Doubt } from './doubt.ts';
import { createFreshness, type FreshPorts } from './fresh.ts';
import { type Check, createRetest } from './retest.ts';
import { createSigner, type Signing } from './sign.ts';

/** A request that carries its credentials. */
export interface Authorization {
  /** With what belongs into header and query. */
  readonly head: RequestHead;
  readonly providers: readonly Provider[];
  /** One for each provider. */
  readonly credentials: readonly Credential[];
  /** All that was or is to be placed, the body's part included. */
  readonly placements: readonly Placement[];
  readonly send: SendOptions;
  /** What the audit log says of it. */
  readonly facts: UseFields;
}

/** Puts credentials into requests: the one way in which the whole product does it. */
export interface Authorizer {
  /**
   * Makes the credentials fresh and places them: at once where they are open already.
   *
   * @param head without credentials
   * @throws {SigError} E_LOGIN_REQUIRED, E_POLICY_CHANGED, E_MISSING_VALUE, E_BAD_CREDENTIAL_VALUE, E_CONFLICT
   */
  authorize(head: RequestHead, providers: readonly Provider[]): Authorization | Promise<Authorization>;
  /**
   * The same with newer credentials, after a server refused the last ones.
   *
   * @param head without credentials, as it was first
   * @returns `undefined` when a person must log in
   */
  reauthorize(head: RequestHead, refused: Authorization): Promise<Authorization | undefined>;
  /**
   * The same with newer credentials, after an answer that spoke against the last ones: `validateUrl` decides. Absent
   * where nobody can ask it.
   *
   * @returns `undefined` when they stay, and the answer is good
   * @throws {SigError} E_LOGIN_REQUIRED when a person must log in; E_AUDIT
   */
  readonly retest?:
    | ((head: RequestHead, suspected: Authorization, doubts: readonly Doubt[]) => Promise<Authorization | undefined>)
    | undefined;
  /**
   * Begins to sign one request; `undefined` when nothing of these providers signs, so that nothing is paid for it.
   * What it signs must be final: it comes after everything that is placed.
   */
  beginSigning(providers: readonly Provider[]): Signing | undefined;
  /** Forgets what it keeps of logins (security case S24). */
  forget(): void;
}

/** Largest body that is held to put a field into it, in bytes. */
export const BODY_RULE_LIMIT: number = 8 * 1024 * 1024;

/** Makes an authorizer. */
export function createAuthorizer(
  ports: FreshPorts & {
    readonly check?: Check | undefined;
    readonly env?: Environment | undefined;
    readonly taught?: Taught | undefined;
  },
): Authorizer {
  const env: Environment = ports.env ?? (() => undefined);
  const freshness = createFreshness(ports);
  const { check } = ports;
  const retest = check && createRetest({ ...ports, check });
  const signer = createSigner(ports.clock, env, ports.taught);

  /** What logins place that say the same to every URL, so that they are not asked for each request. */
  let fixed = new WeakMap<Credential, Placed>();

  function placedBy(
    head: RequestHead,
    providers: readonly Provider[],
    credentials: readonly Credential[],
  ): Placed {
    const [provider] = providers;
    const [credential] = credentials;
    const isAlone = providers.length === 1;
    const known = isAlone ? fixed.get(credential!) : undefined;
    if (known !== undefined && known.by === provider) return known;
    const nowSec = Math.floor(ports.clock.now() / 1000);
    const placements = mergePlacements(
      providers.flatMap((each, i) =>
        renderPlacements(each, (key, rule) => valueFor(credentials[i]!, each.extract, key, rule, head, nowSec))
      ),
    );
    const placed: Placed = {
      by: provider!,
      placements,
      ids: providers.map((each) => each.id).join(','),
      names: namesOf(placements, providers),
    };
    if (isAlone && credential!.cookies === undefined) fixed.set(credential!, placed);
    return placed;
  }

  function place(
    head: RequestHead,
    providers: readonly Provider[],
    credentials: readonly Credential[],
  ): Authorization {
    const { placements, ids, names } = placedBy(head, providers, credentials);
    return {
      head: placeInHead(head, placements),
      providers,
      credentials,
      placements,
      send: mergeSendOptions(providers, head, env),
      facts: describeUse(head, ids, names),
    };
  }

  async function authorizeAll(head: RequestHead, providers: readonly Provider[]): Promise<Authorization> {
    const credentials = await Promise.all(providers.map(async (provider) => await freshness.current(provider)));
    return place(head, providers, credentials);
  }

  async function retestAll(
    head: RequestHead,
    { providers, credentials }: Authorization,
    doubts: readonly Doubt[],
  ): Promise<Authorization | undefined> {
    const tested = await Promise.all(providers.map((provider, i) => {
      const doubt = doubts.find((each) => each.provider === provider);
      return doubt && retest!(doubt, credentials[i]!);
    }));
    if (tested.every((newer) => newer === undefined)) return undefined;
    return place(head, providers, tested.map((newer, i) => newer ?? credentials[i]!));
  }

  return {
    authorize(head, providers) {
      if (providers.length > 1) return authorizeAll(head, providers);
      const credential = freshness.current(providers[0]!);
      if (!(credential instanceof Promise)) return place(head, providers, [credential]);
      return credential.then((opened) => place(head, providers, [opened]));
    },
    async reauthorize(head, { providers, credentials }) {
      let renewed: Credential[];
      try {
        renewed = await Promise.all(providers.map((provider, i) => freshness.after(provider, credentials[i]!)));
      } catch (error) {
        // The refusal itself is the better answer; whoever reads it learns that a person must log in.
        if (isSigError(error, 'E_LOGIN_REQUIRED')) return undefined;
        throw error;
      }
      return place(head, providers, renewed);
    },
    retest: retest && retestAll,
    beginSigning: signer.begin,
    forget() {
      fixed = new WeakMap();
      signer.forget();
    },
  };
}

/** What logins place into a request. */
interface Placed {
  /** The first of the providers. */
  readonly by: Provider;
  readonly placements: readonly Placement[];
  /** All providers, joined. */
  readonly ids: string;
  readonly names: readonly string[];
}

/** What is placed and what is signed into a request: names, no values. */
function namesOf(placements: readonly Placement[], providers: readonly Provider[]): string[] {
  const names = placements.map((placement) => `${placement.in} ${placement.name}`);
  for (const provider of providers) for (const name of signatureFields(provider)) names.push(`header ${name}`);
  return names;
}

/**
 * Whether a method may be sent again after an answer that is no plain refusal (RFC 9110 §9.2.2): by a 401 a server says
 * that it did nothing, by anything else it does not.
 */
export function isRepeatable(method: string): boolean {
  return ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(method);
}

/** Whether a provider's rules change the body, so that it must be held. */
export function needsBody(providers: readonly Provider[]): boolean {
  return providers.some((provider) => provider.apply.some((rule) => rule.in === 'body'));
}

/**
 * Puts what belongs into the body there, and says how long it is then.
 *
 * @throws {SigError} E_BODY
 */
export function authorizeBody({ head, placements }: Authorization, body: Bytes): { head: RequestHead; body: Bytes } {
  const contentType = head.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const placed = placeInBody(body, contentType, placements);
  return { head: { ...head, headers: setLength(head.headers, placed.length) }, body: placed };
}

function setLength(headers: HeaderPairs, length: number): HeaderPairs {
  const others = headers.filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name));
  return [...others, ['Content-Length', String(length)]];
}

/** Where every provider of a request must agree: one connection carries it. */
function mergeSendOptions(providers: readonly Provider[], head: RequestHead, env: Environment): SendOptions {
  if (providers.length === 1) return sendOptionsOf(providers[0]!, head.target, env);
  const [first, ...others] = providers.map((provider) => ({
    provider,
    options: sendOptionsOf(provider, head.target, env),
  }));
  for (const other of others) {
    for (const key of ['networkProxy', 'caFile'] as const) {
      if (other.options[key] !== first!.options[key]) {
        throw new SigError(
          'E_CONFLICT',
          `Providers "${first!.provider.id}" and "${other.provider.id}" have different "${key}"`,
          {
            hint: 'one request takes one way: give both the same, or name one provider',
          },
        );
      }
    }
  }
  const allowPrivate = [first!, ...others].every((each) => each.options.allowPrivate);
  return { ...first!.options, allowPrivate };
}
