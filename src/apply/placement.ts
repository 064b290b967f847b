import { SigError } from '../errors.ts';
import type { CompiledApply, Provider } from '../provider/provider.ts';
import { renderTemplate, requireFieldValue } from './render.ts';

/** One value that goes to one place of a request. */
export interface Placement {
  readonly provider: string;
  readonly in: 'header' | 'query' | 'body';
  readonly name: string;
  readonly action: 'set' | 'append' | 'remove';
  /** Rendered; empty for `remove`. */
  readonly value: string;
}

/** Answers with the value of a key for this request; `undefined` when there is none. */
export type ValueLookUp = (key: string, rule: CompiledApply) => string | undefined;

/**
 * What a provider's rules put into a request, with the values that the look-up has for it.
 *
 * @throws {SigError} E_MISSING_VALUE, E_BAD_CREDENTIAL_VALUE
 */
export function renderPlacements(
  provider: Provider,
  lookUp: ValueLookUp,
): Placement[] {
  return provider.apply.flatMap((rule) => {
    const action = rule.action ?? 'set';
    const place = { provider: provider.id, in: rule.in, name: rule.name, action };
    if (action === 'remove') return [{ ...place, value: '' }];
    const rendered = renderTemplate(rule.template, (key) => lookUp(key, rule), provider.id);
    return [{ ...place, value: rule.in === 'header' ? requireFieldValue(rendered, rule.name, provider.id) : rendered }];
  });
}

/**
 * Brings the placements of several providers together: cookies join in one header, two equal
 * values are one, two different values for anything else are an error.
 *
 * @throws {SigError} E_CONFLICT
 */
export function mergePlacements(all: readonly Placement[]): Placement[] {
  const merged = new Map<string, Placement>();
  for (const placement of all) {
    const key = `${placement.in} ${placement.in === 'header' ? placement.name.toLowerCase() : placement.name}`;
    const other = merged.get(key);
    if (!other || (other.value === placement.value && other.action === placement.action)) {
      merged.set(key, other ?? placement);
    } else if (other.provider === placement.provider && placement.action === 'append') {
      merged.set(key, { ...other, value: join(placement.name, other.value, placement.value) });
    } else if (
      placement.in === 'header' && placement.name.toLowerCase() === 'cookie' && other.action === placement.action
    ) {
      merged.set(key, { ...other, value: join('cookie', other.value, placement.value) });
    } else {
      throw new SigError(
        'E_CONFLICT',
        `Providers "${other.provider}" and "${placement.provider}" both set ${placement.in} "${placement.name}"`,
        { hint: 'name one of them, or give them different places in "apply"' },
      );
    }
  }
  return [...merged.values()];
}

/** Joins two values of one header: cookies with `; `, anything else as a list (RFC 9110 §5.3). */
export function join(name: string, first: string, second: string): string {
  if (first === '' || second === '') return first + second;
  return `${first}${name.toLowerCase() === 'cookie' ? '; ' : ', '}${second}`;
}
