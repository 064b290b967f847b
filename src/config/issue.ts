import { SigError } from '../errors.ts';
import type { ConfigIssue } from './config.ts';

/**
 * A mistake as one line.
 *
 * @example
 * ```ts
 * formatIssue({ line: 4, column: 3, message: 'unknown key "domian"', hint: 'did you mean "domains"?' });
 * // 'line 4, column 3: unknown key "domian" (did you mean "domains"?)'
 * ```
 */
export function formatIssue({ line, column, message, hint, provider }: ConfigIssue): string {
  const whose = provider === undefined ? '' : `${provider}: `;
  return `line ${line}, column ${column}: ${whose}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/**
 * The error for a configuration with mistakes: the one there is, or all of them, a line each.
 *
 * @param path how the reader knows the file, such as `~/.sig/config.yaml`
 * @param issues at least one
 */
export function configError(path: string, issues: readonly ConfigIssue[]): SigError {
  const [first] = issues;
  if (!first) throw new RangeError('issues: at least one is needed');
  if (issues.length > 1) {
    const lines = issues.map((issue) => `\n  ${formatIssue(issue)}`).join('');
    return new SigError('E_CONFIG', `Cannot read config "${path}": ${issues.length} mistakes${lines}`);
  }
  const { hint, ...issue } = first;
  return new SigError('E_CONFIG', `Cannot read config "${path}": ${formatIssue(issue)}`, {
    hint,
    provider: first.provider,
  });
}
