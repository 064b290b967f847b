/** A parsed template: literal text and the keys of values, in order. */
export type Template = readonly (string | { readonly key: string })[];

const KEY = /\$\{([^{}]*)\}/g;

/**
 * Parses a template of `apply`: text with `${key}`.
 *
 * @example
 * ```ts
 * parseTemplate('Bearer ${token}'); // ["Bearer ", { key: "token" }]
 * ```
 */
export function parseTemplate(text: string): Template {
  const parts: (string | { key: string })[] = [];
  let end = 0;
  for (const found of text.matchAll(KEY)) {
    if (found.index > end) parts.push(text.slice(end, found.index));
    parts.push({ key: found[1]! });
    end = found.index + found[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

/** The keys a template needs, each once. */
export function templateKeys(template: Template): string[] {
  return [...new Set(template.flatMap((part) => (typeof part === 'string' ? [] : [part.key])))];
}

const ENV_NAME = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** The environment variables that a config string names. */
export function environmentNames(text: string): string[] {
  return [...text.matchAll(ENV_NAME)].map((found) => found[1]!);
}

/**
 * Replaces each `${NAME}` by the environment's value.
 *
 * @param read answers with a variable's value, or `undefined` when it is not set
 * @returns the text, or the name of the first variable that is not set
 */
export function expandEnvironment(
  text: string,
  read: (name: string) => string | undefined,
): { readonly text: string } | { readonly unset: string } {
  const unset = environmentNames(text).find((name) => read(name) === undefined);
  if (unset !== undefined) return { unset };
  return { text: text.replace(ENV_NAME, (_, name: string) => read(name)!) };
}
