import type { Config, ConfigIssue } from '../config/config.ts';
import { isSigError, SigError } from '../errors.ts';
import { createProviderSet, type ProviderSet } from '../provider/find.ts';
import { compileProvider, type Provider, type ProviderIssue } from '../provider/provider.ts';
import type { Environment } from '../provider/settings.ts';
import { parseRule } from '../rule/parse.ts';

/**
 * Turns a parsed config.yaml into providers, or into one error that lists every mistake.
 *
 * @param name how the error calls the file
 * @param env environment variables that `domains` may name
 * @throws {SigError} E_CONFIG with all mistakes, each with line, column and suggestion
 */
export async function loadProviders(config: Config, name: string, env: Environment): Promise<ProviderSet> {
  const issues: ConfigIssue[] = [...config.issues];
  const providers: Provider[] = [];
  for (const entry of config.providers) {
    const compiled = compileProvider(entry, env);
    providers.push(compiled.provider);
    const found = [...compiled.issues, ...ruleIssues(entry.validateRule), ...await suffixIssues(compiled.provider)];
    for (const { path, message, hint } of found) {
      const at = config.locate([entry.id, ...path]);
      issues.push({ ...at, message, provider: entry.id, ...(hint === undefined ? {} : { hint }) });
    }
  }
  const set = createProviderSet(providers);
  for (const { first, second, domain } of set.conflicts()) {
    issues.push({
      ...config.locate([second.id, 'domains']),
      message: `"${second.id}" and "${first.id}" both claim "${domain}"`,
      hint: 'give each an "allow" list with disjoint paths, or remove one',
      provider: second.id,
    });
  }
  if (issues.length > 0) throw configError(name, issues);
  return set;
}

/** The one error for all mistakes of a config file, in file order. */
export function configError(name: string, issues: readonly ConfigIssue[]): SigError {
  const sorted = [...issues].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted.map(({ line, column, message, hint }) =>
    `  line ${line}, column ${column}: ${message}${hint === undefined ? '' : ` (${hint})`}`
  );
  const count = `${issues.length} mistake${issues.length === 1 ? '' : 's'}`;
  return new SigError('E_CONFIG', `Cannot use config "${name}": ${count}\n${lines.join('\n')}`, {
    hint: 'nothing was changed; correct the file and try again',
  });
}

function ruleIssues(rule: string | undefined): ProviderIssue[] {
  if (rule === undefined) return [];
  try {
    parseRule(rule);
    return [];
  } catch (error) {
    if (!isSigError(error)) throw error;
    return [{
      path: ['validateRule'],
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    }];
  }
}

/** The list is loaded only for a config that has a wildcard. */
async function suffixIssues(provider: Provider): Promise<ProviderIssue[]> {
  if (!provider.domains.some((domain) => domain.wildcard)) return [];
  const { isPublicSuffix } = await import('../target/public_suffix.ts');
  return provider.domains.flatMap((domain, i) =>
    domain.wildcard && isPublicSuffix(domain.host)
      ? [{
        path: ['domains', i],
        message: `"*.${domain.host}" would cover other people's sites: "${domain.host}" is a public suffix`,
      }]
      : []
  );
}
