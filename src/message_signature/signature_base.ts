import { encodeUtf8 } from '../encoding/bytes.ts';
import { type Component, componentKey, componentValue, formatComponent } from './component.ts';
import type { Message } from './message.ts';
import { serializeMember } from './serialize_structured_field.ts';
import type { Parameters } from './structured_field.ts';

/** What a signature covers, and its parameters in their order. */
export interface SignatureInput {
  readonly components: readonly Component[];
  readonly params: Parameters;
}

/** The member of `Signature-Input`, and the last line of the base: one text for both (RFC 9421 §2.3). */
export function formatSignatureInput(input: SignatureInput): string {
  return serializeMember({
    items: input.components.map(({ name, params }) => ({ value: name, params })),
    params: input.params,
  });
}

/**
 * The bytes that are signed (RFC 9421 §2.5).
 *
 * @throws {TypeError} when a component is covered twice or has no one value
 */
export function signatureBase(input: SignatureInput, message: Message): Uint8Array<ArrayBuffer> {
  const seen = new Set<string>();
  const lines = input.components.map((component) => {
    const key = componentKey(component);
    if (seen.has(key)) throw new TypeError(`Component "${component.name}" is covered twice`);
    seen.add(key);
    return `${formatComponent(component)}: ${componentValue(component, message)}`;
  });
  lines.push(`"@signature-params": ${formatSignatureInput(input)}`);
  return encodeUtf8(lines.join('\n'));
}
