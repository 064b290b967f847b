import type { HeaderPairs } from '../target/head.ts';

/** What a rule sees of a response. */
export interface RuleResponse {
  readonly status: number;
  /** By lower-case name; repeated ones joined with `, ` (RFC 9110 §5.3). */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, or text. */
  readonly body: unknown;
}

/**
 * A response as rules see it. Nothing in it has a prototype that a rule could reach: the evaluator
 * reads own data properties only.
 *
 * @param body its text; parsed when the content type says JSON or it begins as a JSON object or list
 */
export function ruleResponse(status: number, headers: HeaderPairs, body: string): RuleResponse {
  const byName: Record<string, string> = Object.create(null);
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    byName[key] = byName[key] === undefined ? value : `${byName[key]}, ${value}`;
  }
  const isJson = /[/+]json\b/i.test(byName['content-type'] ?? '') || /^\s*[[{]/.test(body);
  return { status, headers: byName, body: isJson ? parseJson(body) : body };
}

function parseJson(text: string): unknown {
  // Not even tried: an exception takes longer than all else here, and rules on the head of an answer see no body.
  if (text === '') return text;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON after all: rules see the text.
    return text;
  }
}
