import { componentOf, formatComponent } from './component.ts';
import { fieldOf, type Message } from './message.ts';
import { parseDictionary } from './parse_structured_field.ts';
import type { SignatureParams } from './sign_message.ts';
import type { SignatureInput } from './signature_base.ts';
import { isInnerList } from './structured_field.ts';

/** A signature as it stands in a message. Nothing of it is true until it is verified. */
export interface FoundSignature {
  readonly label: string;
  /** Identifiers of what it covers, as {@link SignMessageOptions.components}. */
  readonly components: readonly string[];
  readonly params: SignatureParams;
}

// RFC 9421 §2.3
const PARAM_TYPES: Readonly<Record<keyof SignatureParams, 'number' | 'string'>> = {
  created: 'number',
  expires: 'number',
  keyid: 'string',
  alg: 'string',
  nonce: 'string',
  tag: 'string',
};

/** Which signature of a message is meant. */
export interface SignatureChoice {
  readonly label?: string | undefined;
  readonly tag?: string | undefined;
  readonly keyid?: string | undefined;
}

/** A signature in all its forms. */
export interface ReadSignature {
  readonly input: SignatureInput;
  readonly value: Uint8Array<ArrayBuffer>;
  readonly signature: FoundSignature;
}

/**
 * Finds the one signature of a message that fits a choice.
 *
 * @returns the signature, or why there is none
 */
export function findSignature(
  message: Message,
  choice: SignatureChoice,
): ReadSignature | 'unsigned' | 'ambiguous' | 'malformed' {
  try {
    const inputs = parseDictionary(fieldOf(message.headers, 'signature-input') ?? '');
    const labels = [...inputs]
      .filter(([label]) => choice.label === undefined || label === choice.label)
      .filter(([, { params }]) => choice.tag === undefined || params.get('tag') === choice.tag)
      .filter(([, { params }]) => choice.keyid === undefined || params.get('keyid') === choice.keyid)
      .map(([label]) => label);
    if (labels.length === 0) return 'unsigned';
    // Which of two is meant is not for the sender to leave open.
    if (labels.length > 1) return 'ambiguous';
    const label = labels[0]!;
    const member = inputs.get(label)!;
    const signature = parseDictionary(fieldOf(message.headers, 'signature') ?? '').get(label);
    if (signature === undefined) return 'unsigned';
    if (!isInnerList(member) || isInnerList(signature) || !(signature.value instanceof Uint8Array)) return 'malformed';
    const input = { components: member.items.map(componentOf), params: member.params };
    return {
      input,
      value: signature.value,
      signature: { label, components: input.components.map(formatComponent), params: readParams(input) },
    };
  } catch (error) {
    if (error instanceof TypeError) return 'malformed';
    throw error;
  }
}

function readParams({ params }: SignatureInput): SignatureParams {
  for (const [name, type] of Object.entries(PARAM_TYPES)) {
    if (params.has(name) && typeof params.get(name) !== type) {
      throw new TypeError(`Parameter "${name}" is of another type`);
    }
  }
  return Object.fromEntries(params) as SignatureParams;
}
