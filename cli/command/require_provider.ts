import { SigError } from '../../src/errors.ts';
import { suggest } from '../../src/config/suggest.ts';
import type { ProviderSet } from '../../src/provider/find.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { pathnameOf } from '../../src/target/head.ts';
import { authorityOf, originOf, parseUrl } from '../../src/target/target.ts';

/**
 * The provider of that id.
 *
 * @throws {SigError} E_NO_PROVIDER with the closest id as a hint
 */
export function requireProvider(set: ProviderSet, id: string): Provider {
  const provider = set.get(id);
  if (provider) return provider;
  const near = suggest(id, set.all.map((candidate) => candidate.id));
  throw new SigError('E_NO_PROVIDER', `No provider "${id}"`, {
    hint: near === undefined ? 'list them: sig providers' : `did you mean "${near}"?`,
  });
}

/** Whether a word is a URL rather than an id. */
export function isUrl(word: string): boolean {
  return word.includes('://');
}

/**
 * The provider that a word names: an id, or a URL that belongs to it.
 *
 * @throws {SigError} E_NO_PROVIDER, E_AMBIGUOUS, E_TARGET
 */
export function requireProviderOrUrl(set: ProviderSet, word: string): Provider {
  if (!isUrl(word)) return requireProvider(set, word);
  const { target, path } = parseUrl(word);
  const match = set.match(target, 'GET', pathnameOf({ path }));
  if (match.kind === 'one') return match.provider;
  if (match.kind === 'refused') return match.providers[0]!;
  if (match.kind === 'none') {
    throw new SigError('E_NO_PROVIDER', `No provider claims ${authorityOf(target)}`, {
      hint: `add one: sig login ${originOf(target)}`,
    });
  }
  throw new SigError('E_AMBIGUOUS', `Several providers claim ${authorityOf(target)}`, {
    hint: `name one of them: ${match.providers.map((provider) => provider.id).join(', ')}`,
  });
}
