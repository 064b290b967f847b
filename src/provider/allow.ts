import type { AllowRule } from '../config/config.ts';

/** Whether an `allow` list covers a method and path. No list covers everything. */
export function isAllowed(rules: readonly AllowRule[] | undefined, method: string, pathname: string): boolean {
  if (rules === undefined) return true;
  return rules.some((rule) => methodFits(rule, method) && pathFits(rule.path, pathname));
}

/**
 * Whether no request can be covered by both rules. Errs on the side of "they overlap".
 */
export function areDisjoint(a: AllowRule, b: AllowRule): boolean {
  const methods = [...new Set([...a.methods ?? [], ...b.methods ?? [], 'HEAD'])];
  if (a.methods && b.methods && !methods.some((method) => methodFits(a, method) && methodFits(b, method))) return true;
  return !segmentsOverlap(a.path.split('/'), b.path.split('/'));
}

/** Whether the method is listed. HEAD is covered by GET, as in HTTP semantics (RFC 9110 §9.3.2). */
function methodFits(rule: AllowRule, method: string): boolean {
  if (!rule.methods) return true;
  return rule.methods.includes(method) || (method === 'HEAD' && rule.methods.includes('GET'));
}

function pathFits(pattern: string, pathname: string): boolean {
  // A server may decode before it routes: what is not in plain form fits no rule.
  if (/%2f|%5c|%2e|\/\.{1,2}(?:\/|$)|\\|\/\//i.test(pathname)) return false;
  const wanted = pattern.split('/');
  const given = pathname.split('/');
  const rest = wanted.at(-1) === '**';
  if (rest ? given.length < wanted.length - 1 : given.length !== wanted.length) return false;
  return wanted.slice(0, rest ? -1 : undefined).every((part, i) => segmentFits(part, given[i]!));
}

function segmentFits(pattern: string, segment: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === segment;
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (segment.length < first.length + last.length || !segment.startsWith(first) || !segment.endsWith(last)) {
    return false;
  }
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    at = segment.indexOf(piece, at);
    if (at < 0) return false;
    at += piece.length;
  }
  return at <= segment.length - last.length;
}

function segmentsOverlap(a: readonly string[], b: readonly string[]): boolean {
  const restA = a.at(-1) === '**';
  const restB = b.at(-1) === '**';
  const lengthA = restA ? a.length - 1 : a.length;
  const lengthB = restB ? b.length - 1 : b.length;
  if (!restA && !restB && lengthA !== lengthB) return false;
  if (restA && !restB && lengthB < lengthA) return false;
  if (restB && !restA && lengthA < lengthB) return false;
  for (let i = 0; i < Math.min(lengthA, lengthB); i++) {
    if (!piecesOverlap(a[i]!, b[i]!)) return false;
  }
  return true;
}

function piecesOverlap(a: string, b: string): boolean {
  if (!a.includes('*')) return segmentFits(b, a);
  if (!b.includes('*')) return segmentFits(a, b);
  const [headA, headB] = [a.slice(0, a.indexOf('*')), b.slice(0, b.indexOf('*'))];
  const [tailA, tailB] = [a.slice(a.lastIndexOf('*') + 1), b.slice(b.lastIndexOf('*') + 1)];
  return (headA.startsWith(headB) || headB.startsWith(headA)) && (tailA.endsWith(tailB) || tailB.endsWith(tailA));
}
