import type { HeaderPairs } from '../target/head.ts';

/** The first value of a field; `name` in lower case. */
export function findField(fields: HeaderPairs, name: string): string | undefined {
  for (const [key, value] of fields) {
    if (key.length === name.length && key.toLowerCase() === name) return value;
  }
  return undefined;
}

/** The members of a list field (RFC 9110 §5.6.1), in lower case, of all its lines; `name` in lower case. */
export function listField(fields: HeaderPairs, name: string): string[] {
  const members: string[] = [];
  for (const [key, value] of fields) {
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    for (const part of value.split(',')) {
      const member = part.trim().toLowerCase();
      if (member !== '') members.push(member);
    }
  }
  return members;
}
