/**
 * The language of `validateRule`: an expression in the syntax of JavaScript, read as data.
 *
 * What there is: `res.status`, `res.headers`, `res.body` and paths into them (`res.body.user.id`,
 * `res.headers['x-user']`, `res.body[0]`, `?.`); strings, numbers, `true`, `false`, `null`,
 * `undefined` and lists; `=== !== == != < <= > >= && || ! ?: + - * / % in`; `length`, `includes`,
 * `startsWith`, `endsWith` and `toLowerCase`.
 *
 * It means what JavaScript means by it, except:
 * - nothing is coerced: `"5" < 6` and `"1" == 1` are false. `==` is `===`, save that `null` and
 *   what is not there count as equal.
 * - names of headers match in any case.
 * - where JavaScript would throw a TypeError (a path into what is not there), the rule does not hold.
 *
 * @module
 */

import jsep from 'jsep';
import type { BinaryOperator, Method, RuleNode, UnaryOperator } from './node.ts';
import { badRule, scanRule } from './scan.ts';

/** A rule that was read and may be evaluated. */
export interface Rule {
  /** As it was written. */
  readonly text: string;
  readonly root: RuleNode;
}

/** How tight each operator binds, as in JavaScript. */
const PRECEDENCE: Record<BinaryOperator, number> = {
  '||': 1,
  '&&': 2,
  '==': 6,
  '!=': 6,
  '===': 6,
  '!==': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  in: 7,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};

/** How many arguments each method takes. */
const METHODS: Record<Method, number> = { includes: 1, startsWith: 1, endsWith: 1, toLowerCase: 0 };

const RESPONSE_PARTS = ['status', 'headers', 'body'];

/** What jsep can be told about a language. It keeps one set of these for the whole process. */
const LANGUAGE = {
  binary_ops: PRECEDENCE,
  unary_ops: { '!': 1, '-': 1, '+': 1 },
  literals: { true: true, false: false, null: null, undefined: undefined },
  right_associative: new Set<string>(),
  additional_identifier_chars: new Set(['$', '_']),
  max_binop_len: 3,
  max_unop_len: 1,
};

/** The class behind `jsep()`, which its types do not show. */
const { Jsep } = jsep as unknown as { Jsep: typeof LANGUAGE & { parse(text: string): jsep.Expression } };

/**
 * Reads a rule. Everything that could not be evaluated is refused here, not later.
 *
 * @throws {SigError} E_RULE when it is not an expression of the language, is longer than 512
 * characters or nests more than 32 deep
 *
 * @example
 * ```ts
 * const rule = parseRule('res.status === 200 && !res.body.error');
 * ```
 */
export function parseRule(text: string): Rule {
  scanRule(text);
  return { text, root: readNode(readTree(text), text) };
}

/**
 * Lets jsep read with our language. Its settings are put back at once, so another user of jsep in
 * this process sees no change, and none of their settings reaches us; what their plugins would add
 * to the tree is refused by {@link readNode}.
 */
function readTree(text: string): jsep.Expression {
  const others = Object.fromEntries(Object.keys(LANGUAGE).map((key) => [key, Jsep[key as keyof typeof LANGUAGE]]));
  try {
    Object.assign(Jsep, LANGUAGE);
    return Jsep.parse(text);
  } catch (cause) {
    const { description, index } = cause as { description?: string; index?: number };
    throw badRule(
      description?.replace(/^./, (first) => first.toLowerCase()) ?? 'it cannot be read',
      index,
      undefined,
      cause,
    );
  } finally {
    Object.assign(Jsep, others);
  }
}

function readNode(node: jsep.Expression | null | undefined, text: string): RuleNode {
  const read = (child: jsep.Expression | null | undefined) => readNode(child, text);
  const tree = node as jsep.CoreExpression | null | undefined;
  switch (tree?.type) {
    case 'Literal':
      return readLiteral(tree, text);
    case 'Identifier':
      if (tree.name === 'res') return { kind: 'response' };
      throw badRule(`unknown name "${tree.name}"`, text.indexOf(tree.name));
    case 'MemberExpression':
      return readMember(tree, text);
    case 'CallExpression':
      return readCall(tree, text);
    case 'ArrayExpression':
      return { kind: 'array', items: tree.elements.map(read) };
    case 'UnaryExpression':
      if (!Object.hasOwn(LANGUAGE.unary_ops, tree.operator)) break;
      return { kind: 'unary', operator: tree.operator as UnaryOperator, operand: read(tree.argument) };
    case 'BinaryExpression':
      if (!Object.hasOwn(PRECEDENCE, tree.operator)) break;
      return {
        kind: 'binary',
        operator: tree.operator as BinaryOperator,
        left: read(tree.left),
        right: read(tree.right),
      };
    case 'ConditionalExpression':
      return { kind: 'choice', test: read(tree.test), yes: read(tree.consequent), no: read(tree.alternate) };
  }
  throw badRule('it is not one expression of the rule language');
}

function readMember(member: jsep.MemberExpression, text: string): RuleNode {
  const object = readNode(member.object, text);
  const key: RuleNode = member.computed
    ? readNode(member.property, text)
    : { kind: 'literal', value: (member.property as jsep.Identifier).name };
  if (object.kind === 'response' && !(key.kind === 'literal' && RESPONSE_PARTS.includes(String(key.value)))) {
    throw badRule('a response has no such part', text.indexOf('res'), `it has ${RESPONSE_PARTS.join(', ')}`);
  }
  return { kind: 'member', object, key, isOptional: member.optional === true };
}

function readCall(call: jsep.CallExpression, text: string): RuleNode {
  const callee = call.callee as jsep.CoreExpression;
  const method = callee.type === 'MemberExpression' && !callee.computed && !call.optional
    ? (callee.property as jsep.Identifier).name
    : undefined;
  if (callee.type !== 'MemberExpression' || method === undefined || !Object.hasOwn(METHODS, method)) {
    throw badRule('only methods can be called', undefined, `the methods are ${Object.keys(METHODS).join(', ')}`);
  }
  const count = METHODS[method as Method];
  if (call.arguments.length !== count) {
    throw badRule(`${method}() takes ${count === 0 ? 'no argument' : 'one argument'}`, text.indexOf(method));
  }
  return {
    kind: 'call',
    object: readNode(callee.object, text),
    method: method as Method,
    args: call.arguments.map((argument) => readNode(argument, text)),
    isOptional: callee.optional === true,
  };
}

function readLiteral({ value, raw }: jsep.Literal, text: string): RuleNode {
  // "010" is ten for jsep and eight, or nothing at all, for JavaScript.
  if (/^0\d/.test(raw)) throw badRule('a number begins with 0', text.indexOf(raw));
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return { kind: 'literal', value };
  }
  if (value === null) return { kind: 'literal', value };
  throw badRule('unknown kind of value', text.indexOf(raw));
}
