import { formatDomain, matchDomain, parentOf } from '../target/domain.ts';
import type { Target } from '../target/target.ts';
import { areDisjoint, isAllowed } from './allow.ts';
import type { Provider } from './provider.ts';

/** Which provider a request belongs to, and why. */
export type Match =
  | { readonly kind: 'one'; readonly provider: Provider; readonly domain: string }
  | { readonly kind: 'none' }
  /** Providers claim the host, and none of them allows this method and path. */
  | { readonly kind: 'refused'; readonly providers: readonly Provider[] }
  | { readonly kind: 'ambiguous'; readonly providers: readonly Provider[] };

/** All providers, indexed by what they claim: a look-up costs the same for ten and for ten thousand. */
export interface ProviderSet {
  readonly all: readonly Provider[];
  get(id: string): Provider | undefined;
  /** The provider for a request. An exact host beats a wildcard; nothing else takes precedence. */
  match(target: Target, method: string, pathname: string): Match;
  /** Pairs that claim one host without disjoint `allow` rules: load errors. */
  conflicts(): { readonly first: Provider; readonly second: Provider; readonly domain: string }[];
}

/** Builds the index. */
export function createProviderSet(providers: readonly Provider[]): ProviderSet {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const exact = new Map<string, Provider[]>();
  const wildcard = new Map<string, Provider[]>();
  for (const provider of providers) {
    for (const domain of provider.domains) {
      const claims = domain.wildcard ? wildcard : exact;
      const list = claims.get(domain.host);
      if (!list) claims.set(domain.host, [provider]);
      else if (!list.includes(provider)) list.push(provider);
    }
  }
  /** By target, since one serves all requests of a tunnel. */
  const known = new WeakMap<Target, Claims>();
  const claiming = (list: readonly Provider[] | undefined, target: Target, isWildcard: boolean): Provider[] =>
    (list ?? []).filter((provider) =>
      provider.domains.some((domain) => domain.wildcard === isWildcard && matchDomain(domain, target))
    );

  function findClaims(target: Target): Claims {
    let claims = claiming(exact.get(target.host), target, false);
    if (claims.length === 0) {
      const parent = parentOf(target.host);
      if (parent !== undefined) claims = claiming(wildcard.get(parent), target, true);
    }
    const [first] = claims;
    if (!first) return { claims, whatever: { kind: 'none' } };
    const isOpen = claims.length === 1 && first.allow === undefined;
    return { claims, whatever: isOpen ? matchOf(first, target) : undefined };
  }

  return {
    all: providers,
    get: (id) => byId.get(id),
    match(target, method, pathname) {
      let found = known.get(target);
      if (!found) known.set(target, found = findClaims(target));
      const { claims, whatever } = found;
      if (whatever) return whatever;
      const allowed = claims.filter((provider) => isAllowed(provider.allow, method, pathname));
      if (allowed.length === 0) return { kind: 'refused', providers: claims };
      if (allowed.length > 1) return { kind: 'ambiguous', providers: allowed };
      return matchOf(allowed[0]!, target);
    },
    conflicts() {
      const found = [];
      for (const claims of [exact, wildcard]) {
        for (const list of claims.values()) {
          for (const [i, first] of list.entries()) {
            for (const second of list.slice(i + 1)) {
              const domain = sharedDomain(first, second);
              if (domain !== undefined && !haveDisjointRules(first, second)) found.push({ first, second, domain });
            }
          }
        }
      }
      return dedupe(found);
    },
  };
}

/** Who claims a target. */
interface Claims {
  readonly claims: readonly Provider[];
  /** The match, where method and path make no difference. */
  readonly whatever: Match | undefined;
}

function matchOf(provider: Provider, target: Target): Match {
  return { kind: 'one', provider, domain: formatDomain(provider.domains.find((d) => matchDomain(d, target))!) };
}

/** The entry that both providers claim: same host, same port, both exact or both wildcard. */
function sharedDomain(first: Provider, second: Provider): string | undefined {
  const claimed = new Set(first.domains.map(formatClaim));
  const shared = second.domains.find((domain) => claimed.has(formatClaim(domain)));
  return shared && formatDomain(shared);
}

function formatClaim(domain: Provider['domains'][number]): string {
  return formatDomain({ ...domain, port: domain.port ?? 443 });
}

function haveDisjointRules(first: Provider, second: Provider): boolean {
  if (!first.allow || !second.allow) return false;
  return first.allow.every((a) => second.allow!.every((b) => areDisjoint(a, b)));
}

function dedupe<T extends { first: Provider; second: Provider }>(pairs: T[]): T[] {
  const seen = new Set<string>();
  return pairs.filter(({ first, second }) => {
    const key = `${first.id}\0${second.id}`;
    return !seen.has(key) && seen.add(key);
  });
}
