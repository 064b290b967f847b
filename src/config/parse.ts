import { isProviderId, requireProviderId } from '../provider_id.ts';
import { isSigError } from '../errors.ts';
import type { Config, ConfigIssue, ProviderConfig } from './config.ts';
import { findEntries, type FoundEntry } from './entries.ts';
import type { Path, Scope } from './field.ts';
import { readProvider } from './provider_entry.ts';
import { readTree } from './tree.ts';

/** More mistakes than this are counted, not listed. */
const MAX_ISSUES = 100;

/**
 * Reads config.yaml. All mistakes are found at once and none is thrown.
 *
 * What needs the environment or all providers together (unset variables, unknown keys in templates,
 * two providers for one host) is checked when the providers are put to use.
 *
 * @param text the whole file, at most 1 MiB
 *
 * @example
 * ```ts
 * const { issues } = parseConfig('jira:\n  domian: [jira.example.com]\n');
 * issues[0]; // { line: 2, column: 3, message: 'unknown key "domian"', hint: 'did you mean "domains"?', … }
 * ```
 */
export function parseConfig(text: string): Config {
  const lineStarts = findLineStarts(text);
  const findings: Finding[] = [];
  const places = new Map<string, number>();
  const scopeOf = (provider?: string): Scope => ({
    report: (offset, message, hint) => findings.push({ offset, message, hint, provider }),
    mark: (path, offset) => provider !== undefined && places.set(placeKey([provider, ...path]), offset),
  });

  const { root, problems } = readTree(text);
  findings.push(...problems);
  const found = findEntries(root, scopeOf());
  const providers = readEntries(found, scopeOf);
  findings.sort((a, b) => a.offset - b.offset);

  return {
    providers,
    issues: listIssues(findings, lineStarts),
    locate(path) {
      for (let length = path.length; length > 0; length--) {
        const offset = places.get(placeKey(path.slice(0, length)));
        if (offset !== undefined) return positionAt(lineStarts, offset);
      }
      return { line: 1, column: 1 };
    },
  };
}

interface Finding {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly provider?: string | undefined;
}

function readEntries(found: readonly FoundEntry[], scopeOf: (provider: string) => Scope): ProviderConfig[] {
  const seen = new Set<string>();
  return found.flatMap(({ id, entry }) => {
    const scope = scopeOf(id);
    if (!isProviderId(id)) return reportId(id, entry.keyStart, scope);
    const isSecond = seen.has(id);
    if (isSecond) scope.report(entry.keyStart, `provider "${id}" is defined twice`, 'rename one of them');
    seen.add(id);
    if (entry.value.kind !== 'map') {
      scope.report(entry.keyStart, `provider "${id}" must be a map`, 'with domains, strategy, extract and apply');
      return [];
    }
    const provider = readProvider(id, entry, entry.value, isSecond ? { ...scope, mark: () => {} } : scope);
    return provider === undefined || isSecond ? [] : [provider];
  });
}

function reportId(id: string, offset: number, scope: Scope): [] {
  try {
    requireProviderId(id);
  } catch (error) {
    if (!isSigError(error)) throw error;
    scope.report(offset, error.message.charAt(0).toLowerCase() + error.message.slice(1), error.hint);
  }
  return [];
}

function listIssues(findings: readonly Finding[], lineStarts: readonly number[]): ConfigIssue[] {
  const issues = findings.slice(0, MAX_ISSUES).map(({ offset, message, hint, provider }) => ({
    ...positionAt(lineStarts, offset),
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(provider === undefined || !isProviderId(provider) ? {} : { provider }),
  }));
  const next = findings[MAX_ISSUES];
  if (next) {
    const message = `${findings.length - MAX_ISSUES} more mistakes from here on`;
    issues.push({ ...positionAt(lineStarts, next.offset), message });
  }
  return issues;
}

function placeKey(path: Path): string {
  return path.join('\n');
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function positionAt(lineStarts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (lineStarts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - lineStarts[low]! + 1 };
}
