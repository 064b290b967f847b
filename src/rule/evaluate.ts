import { SigError } from '../errors.ts';
import type { BinaryOperator, RuleNode, RuleValue } from './node.ts';
import type { Rule } from './parse.ts';
import type { RuleResponse } from './response.ts';

/** Most steps that a rule may take. Each node is one, and so are 320 characters or list items that it goes through. */
export const MAX_STEPS = 10_000;

const SIZE_PER_STEP = 320;

/** Marks that `?.` met nothing, so that the rest of its path is left out. */
const CUT: unique symbol = Symbol('cut');

/** A JavaScript engine would throw a TypeError here: the rule does not hold. */
class NotApplicable extends Error {}

interface Evaluation {
  readonly response: RuleResponse;
  stepsLeft: number;
}

/**
 * Whether a rule holds for a response. It can do nothing but look: no function, prototype or
 * global is within its reach, and it cannot repeat anything.
 *
 * @throws {SigError} E_RULE_BUDGET when it takes more than 10,000 steps
 *
 * @example
 * ```ts
 * evaluateRule(parseRule('res.body.ok === true'), ruleResponse(200, [], '{"ok":true}')); // true
 * ```
 */
export function evaluateRule(rule: Rule, response: RuleResponse): boolean {
  try {
    return Boolean(evaluate(rule.root, { response, stepsLeft: MAX_STEPS }));
  } catch (error) {
    if (error instanceof NotApplicable) return false;
    throw error;
  }
}

function evaluate(node: RuleNode, run: Evaluation): RuleValue {
  const value = follow(node, run);
  return value === CUT ? undefined : value;
}

function follow(node: RuleNode, run: Evaluation): RuleValue | typeof CUT {
  spend(run, 0);
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'response':
      return run.response;
    case 'array':
      return node.items.map((item) => evaluate(item, run));
    case 'member': {
      const object = follow(node.object, run);
      if (object === CUT || (node.isOptional && isNothing(object))) return CUT;
      return readOwn(object, evaluate(node.key, run), run);
    }
    case 'call': {
      const object = follow(node.object, run);
      if (object === CUT || (node.isOptional && isNothing(object))) return CUT;
      return callMethod(object, node.method, node.args.map((argument) => evaluate(argument, run)), run);
    }
    case 'unary': {
      const operand = evaluate(node.operand, run);
      if (node.operator === '!') return !operand;
      if (typeof operand !== 'number') return NaN;
      return node.operator === '-' ? -operand : operand;
    }
    case 'choice':
      return evaluate(evaluate(node.test, run) ? node.yes : node.no, run);
    case 'binary': {
      const left = evaluate(node.left, run);
      if (node.operator === '&&') return left ? evaluate(node.right, run) : left;
      if (node.operator === '||') return left ? left : evaluate(node.right, run);
      return combine(node.operator, left, evaluate(node.right, run), run);
    }
  }
}

function combine(operator: BinaryOperator, left: RuleValue, right: RuleValue, run: Evaluation): RuleValue {
  if (typeof left === 'string' && typeof right === 'string') spend(run, Math.min(left.length, right.length));
  switch (operator) {
    case '===':
      return left === right;
    case '!==':
      return left !== right;
    case '==':
      return left === right || (isNothing(left) && isNothing(right));
    case '!=':
      return left !== right && !(isNothing(left) && isNothing(right));
    case 'in':
      if (typeof right !== 'object' || right === null) throw new NotApplicable();
      return ownProperty(right, left, run) !== undefined;
    case '+':
      return add(left, right, run);
  }
  if (typeof left === 'string' && typeof right === 'string') {
    switch (operator) {
      case '<':
        return left < right;
      case '<=':
        return left <= right;
      case '>':
        return left > right;
      case '>=':
        return left >= right;
    }
  }
  // What is no number compares and computes as NaN does.
  const [a, b] = [left, right].map((value) => (typeof value === 'number' ? value : NaN)) as [number, number];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return a % b;
  }
}

function add(left: RuleValue, right: RuleValue, run: Evaluation): RuleValue {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  const isText = typeof left === 'string' || typeof right === 'string';
  if (!isText || isObject(left) || isObject(right)) return NaN;
  spend(run, String(left).length + String(right).length);
  return `${left}${right}`;
}

function callMethod(object: RuleValue, method: string, args: readonly RuleValue[], run: Evaluation): RuleValue {
  const argument = args[0];
  if (Array.isArray(object) && method === 'includes') {
    spend(run, object.length);
    return object.includes(argument);
  }
  if (typeof object !== 'string') throw new NotApplicable();
  spend(run, object.length);
  if (method === 'toLowerCase') return object.toLowerCase();
  if (typeof argument !== 'string') throw new NotApplicable();
  spend(run, argument.length);
  if (method === 'startsWith') return object.startsWith(argument);
  if (method === 'endsWith') return object.endsWith(argument);
  return hasPart(object, argument);
}

/**
 * Whether a text has a part, in a time that grows with the sum of both lengths (Knuth, Morris and
 * Pratt). The engine's own search takes their product at worst, and both may be an attacker's.
 */
function hasPart(text: string, part: string): boolean {
  if (part.length === 0) return true;
  // For each beginning of the part: how long an earlier beginning it ends with.
  const borders = new Int32Array(part.length);
  for (let at = 1, length = 0; at < part.length; at++) {
    const code = part.charCodeAt(at);
    while (length > 0 && part.charCodeAt(length) !== code) length = borders[length - 1]!;
    if (part.charCodeAt(length) === code) length++;
    borders[at] = length;
  }
  for (let at = 0, length = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    while (length > 0 && part.charCodeAt(length) !== code) length = borders[length - 1]!;
    if (part.charCodeAt(length) === code) length++;
    if (length === part.length) return true;
  }
  return false;
}

function readOwn(object: RuleValue, key: RuleValue, run: Evaluation): RuleValue {
  if (isNothing(object)) throw new NotApplicable();
  if (typeof object === 'string') {
    if (key === 'length') return object.length;
    return typeof key === 'number' && Number.isInteger(key) ? object[key] : undefined;
  }
  if (typeof object !== 'object') return undefined;
  const value = ownProperty(object!, key, run)?.value;
  // JSON has none; whoever hands in something else does not get it called.
  return typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' ? undefined : value;
}

/** Descriptors reach neither prototypes nor getters. */
function ownProperty(object: object, key: RuleValue, run: Evaluation): PropertyDescriptor | undefined {
  if (typeof key !== 'string' && typeof key !== 'number') return undefined;
  const isHeader = object === run.response.headers && typeof key === 'string';
  return Object.getOwnPropertyDescriptor(object, isHeader ? key.toLowerCase() : key);
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: RuleValue): value is object {
  return typeof value === 'object' && value !== null;
}

function spend(run: Evaluation, size: number): void {
  run.stepsLeft -= 1 + Math.floor(size / SIZE_PER_STEP);
  if (run.stepsLeft >= 0) return;
  throw new SigError('E_RULE_BUDGET', `Rule took more than ${MAX_STEPS} steps, so it was given up`, {
    hint: 'compare less text, or ask "validateUrl" for a shorter answer',
  });
}
