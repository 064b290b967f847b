import type { RuleNode } from './node.ts';
import type { Rule } from './parse.ts';

/** Whether a rule looks at the body of a response, which must then be there as a whole. */
export function readsBody({ root }: Rule): boolean {
  return reads(root);
}

function reads(node: RuleNode): boolean {
  switch (node.kind) {
    case 'literal':
      return false;
    case 'response':
      return true; // As a whole, body included: its parts are members.
    case 'array':
      return node.items.some(reads);
    case 'member': {
      const { object, key } = node;
      if (object.kind === 'response') return key.kind !== 'literal' || key.value === 'body';
      return reads(object) || reads(key);
    }
    case 'call':
      return reads(node.object) || node.args.some(reads);
    case 'unary':
      return reads(node.operand);
    case 'binary':
      return reads(node.left) || reads(node.right);
    case 'choice':
      return reads(node.test) || reads(node.yes) || reads(node.no);
  }
}
