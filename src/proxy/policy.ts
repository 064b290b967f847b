import { SigError } from '../errors.ts';
import { pathnameOf, type RequestHead } from '../target/head.ts';
import { createProviderSet, type ProviderSet } from '../provider/find.ts';
import type { Provider } from '../provider/provider.ts';
import type { Environment } from '../provider/settings.ts';
import { requireMatch } from '../sig/choose.ts';
import { matchDomain } from '../target/domain.ts';
import { authorityOf, type Target } from '../target/target.ts';
import { findTokenEndpoints, isTokenEndpoint, refuseTokenEndpoint, type TokenEndpoint } from './token_endpoint.ts';

/** What a proxy does with whom, as of one config. */
export interface ProxyPolicy {
  /** The providers whose credentials it uses. */
  readonly providers: ProviderSet;
  /** Endpoints of all providers that hand out or take back tokens. */
  readonly tokenEndpoints: readonly TokenEndpoint[];
  /** Whether hosts that nobody claims are refused. */
  readonly isStrict: boolean;
}

/** How a policy is made. */
export interface PolicyOptions {
  /** Providers to use; all by default. */
  readonly only?: readonly string[] | undefined;
  readonly isStrict?: boolean | undefined;
  /** Environment variables that config.yaml names. */
  readonly env: Environment;
}

/** What happens to a CONNECT. */
export type ConnectDecision =
  /** Bytes pass untouched. */
  | 'tunnel'
  /** TLS ends here, and each request within is judged by itself. */
  | 'intercept';

/**
 * Makes the policy of a proxy.
 *
 * @throws {SigError} E_NO_PROVIDER when a named provider is not there
 */
export function createPolicy(all: ProviderSet, options: PolicyOptions): ProxyPolicy {
  const providers = options.only === undefined
    ? all
    : createProviderSet([...new Set(options.only)].map((id) => requireProvider(all, id)));
  return {
    providers,
    tokenEndpoints: findTokenEndpoints(all.all, options.env),
    isStrict: options.isStrict ?? false,
  };
}

function requireProvider(all: ProviderSet, id: string): Provider {
  const provider = all.get(id);
  if (provider) return provider;
  throw new SigError('E_NO_PROVIDER', `No provider "${id}"`, { hint: 'list them: sig providers' });
}

/**
 * What to do with a CONNECT to a target. Whether an address may be dialled is judged when its name is
 * looked up, not here.
 *
 * @throws {SigError} E_NO_PROVIDER when it is refused
 */
export function decideConnect(policy: ProxyPolicy, target: Target): ConnectDecision {
  if (policy.providers.all.some((provider) => provider.domains.some((domain) => matchDomain(domain, target)))) {
    return 'intercept';
  }
  const authority = authorityOf(target);
  if (policy.tokenEndpoints.some((endpoint) => endpoint.authority === authority)) return 'intercept';
  requireOpen(policy, target);
  return 'tunnel';
}

/**
 * Whose credentials a request gets; none when nobody claims its host, and it passes as it is.
 *
 * @throws {SigError} E_NOT_ALLOWED, E_AMBIGUOUS, E_PLAINTEXT, E_NO_PROVIDER when it is refused
 */
export function decideRequest(policy: ProxyPolicy, head: RequestHead): readonly Provider[] {
  const endpoint = policy.tokenEndpoints.find((each) => isTokenEndpoint(each, head.target, pathnameOf(head)));
  if (endpoint) refuseTokenEndpoint(endpoint);
  const match = policy.providers.match(head.target, head.method, pathnameOf(head));
  if (match.kind !== 'none') return [requireMatch(match, head)];
  requireOpen(policy, head.target);
  return [];
}

function requireOpen(policy: ProxyPolicy, target: Target): void {
  if (!policy.isStrict) return;
  throw new SigError('E_NO_PROVIDER', `No provider claims ${authorityOf(target)}, and this proxy is strict`, {
    hint: `add one: sig login https://${authorityOf(target)}; or start the proxy without --strict`,
  });
}

/** The hosts that a proxy of this policy intercepts, as a CA is constrained to them: sorted, each once. */
export function interceptedHosts(policy: ProxyPolicy): string[] {
  const hosts = new Set<string>();
  // A name constraint covers the names below it too, so a wildcard is its parent.
  for (const provider of policy.providers.all) for (const domain of provider.domains) hosts.add(domain.host);
  for (const endpoint of policy.tokenEndpoints) hosts.add(endpoint.host);
  return [...hosts].sort();
}
