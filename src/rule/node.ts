/** A value that a rule can compute: JSON, or `undefined` for what is not there. */
export type RuleValue = string | number | boolean | null | undefined | object;

/** The operators of the language between two values. */
export type BinaryOperator =
  | '||'
  | '&&'
  | '=='
  | '!='
  | '==='
  | '!=='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'in'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** The operators of the language before a value. */
export type UnaryOperator = '!' | '-' | '+';

/** The methods of strings; `includes` is one of lists too. `length` is a property. */
export type Method = 'includes' | 'startsWith' | 'endsWith' | 'toLowerCase';

/** A part of a rule. The list is closed: what is not here cannot be evaluated. */
export type RuleNode =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null | undefined }
  | { readonly kind: 'response' }
  | { readonly kind: 'array'; readonly items: readonly RuleNode[] }
  | { readonly kind: 'member'; readonly object: RuleNode; readonly key: RuleNode; readonly isOptional: boolean }
  | {
    readonly kind: 'call';
    readonly object: RuleNode;
    readonly method: Method;
    readonly args: readonly RuleNode[];
    readonly isOptional: boolean;
  }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: RuleNode }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: RuleNode; readonly right: RuleNode }
  | { readonly kind: 'choice'; readonly test: RuleNode; readonly yes: RuleNode; readonly no: RuleNode };
