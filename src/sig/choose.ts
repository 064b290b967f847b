import { SigError } from '../errors.ts';
import { isAllowed } from '../provider/allow.ts';
import type { Match, ProviderSet } from '../provider/find.ts';
import type { Provider } from '../provider/provider.ts';
import { formatDomain, matchDomain } from '../target/domain.ts';
import { pathnameOf, type RequestHead } from '../target/head.ts';
import { authorityOf, originOf } from '../target/target.ts';

/**
 * The providers whose credentials a request gets: the one that claims its target, or the named ones.
 *
 * @param named provider ids; naming never widens where a credential may go
 * @throws {SigError} E_NO_PROVIDER, E_AMBIGUOUS, E_HOST_NOT_ALLOWED, E_NOT_ALLOWED, E_PLAINTEXT
 */
export function chooseProviders(set: ProviderSet, head: RequestHead, named?: readonly string[]): Provider[] {
  if (named === undefined || named.length === 0) {
    return [requireMatch(set.match(head.target, head.method, pathnameOf(head)), head)];
  }
  const chosen = [...new Set(named)].map((id) => requireNamed(set, head, id));
  for (const provider of chosen) requireEncrypted(provider, head);
  return chosen;
}

/**
 * The one provider that claims a request.
 *
 * @param match of the head's target, method and path
 * @throws {SigError} E_NO_PROVIDER, E_AMBIGUOUS, E_NOT_ALLOWED, E_PLAINTEXT
 */
export function requireMatch(match: Match, head: RequestHead): Provider {
  switch (match.kind) {
    case 'one':
      requireEncrypted(match.provider, head);
      return match.provider;
    case 'none':
      throw new SigError('E_NO_PROVIDER', `No provider claims ${authorityOf(head.target)}`, {
        hint: `add one: sig login ${originOf(head.target)}`,
      });
    case 'ambiguous':
      throw new SigError('E_AMBIGUOUS', `Several providers claim this request: ${idsOf(match.providers)}`, {
        hint: 'name one with --provider, or make their "allow" paths disjoint',
      });
    case 'refused':
      throw notAllowed(match.providers[0]!, head);
  }
}

function requireNamed(set: ProviderSet, head: RequestHead, id: string): Provider {
  const provider = set.get(id);
  if (!provider) {
    throw new SigError('E_NO_PROVIDER', `No provider "${id}"`, { hint: 'list them: sig providers' });
  }
  if (!provider.domains.some((domain) => matchDomain(domain, head.target))) {
    throw new SigError('E_HOST_NOT_ALLOWED', `Provider "${id}" does not list ${authorityOf(head.target)}`, {
      hint: `add "${authorityOf(head.target)}" to "domains" of "${id}" in config.yaml; it lists ${
        provider.domains.map(formatDomain).join(', ')
      }`,
      provider: id,
    });
  }
  if (!isAllowed(provider.allow, head.method, pathnameOf(head))) throw notAllowed(provider, head);
  return provider;
}

function requireEncrypted(provider: Provider, head: RequestHead): void {
  if (head.target.scheme === 'https' || provider.allowHttp) return;
  throw new SigError(
    'E_PLAINTEXT',
    `Cannot send the credential of "${provider.id}" to ${authorityOf(head.target)} over plain http`,
    {
      hint: 'use https, or set "allowHttp: true" on this provider',
      provider: provider.id,
    },
  );
}

function notAllowed(provider: Provider, head: RequestHead): SigError {
  return new SigError(
    'E_NOT_ALLOWED',
    `No "allow" rule of "${provider.id}" covers ${head.method} ${pathnameOf(head)}`,
    {
      hint: 'add a rule to "allow" in config.yaml if it should',
      provider: provider.id,
    },
  );
}

function idsOf(providers: readonly Provider[]): string {
  return providers.map((provider) => provider.id).join(', ');
}
