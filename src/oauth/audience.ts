/**
 * The form fields that name what a token is for: `audience`, and `resource` when it is an absolute
 * URI, as RFC 8707 §2 wants it. Servers ignore the one they do not know (RFC 6749 §3.1, §3.2).
 */
export function audienceFields(
  audience: string | undefined,
): { readonly audience?: string; readonly resource?: string } {
  if (audience === undefined) return {};
  const isResource = /^https?:\/\/[^#]+$/.test(audience) && URL.canParse(audience);
  return { audience, ...(isResource ? { resource: audience } : {}) };
}
