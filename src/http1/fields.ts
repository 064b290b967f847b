import { isNamed } from '../target/field_name.ts';
import type { HeaderPairs } from '../target/head.ts';

const NO_MEMBERS: readonly string[] = [];

/** The first value of a field; `name` in lower case. */
export function findField(fields: HeaderPairs, name: string): string | undefined {
  for (const field of fields) {
    if (isNamed(field[0], name)) return field[1];
  }
  return undefined;
}

/** The members of a list field (RFC 9110 §5.6.1), in lower case, of all its lines; `name` in lower case. */
export function listField(fields: HeaderPairs, name: string): readonly string[] {
  let members: string[] | undefined;
  for (const field of fields) {
    if (!isNamed(field[0], name)) continue;
    const value = field[1];
    members ??= [];
    // The usual value is one word.
    if (value.indexOf(',') < 0) addMember(members, value);
    else for (const part of value.split(',')) addMember(members, part);
  }
  return members ?? NO_MEMBERS;
}

function addMember(members: string[], part: string): void {
  const member = part.trim().toLowerCase();
  if (member !== '') members.push(member);
}
