/** What has no place in one line of text: controls, format characters, private use, surrogates, and all that cannot be seen. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
/** What means something in Markdown, or ends our quotes. CommonMark §2.4 lets all ASCII punctuation be escaped. */
const MEANINGFUL = /["#$&()*+/:<=>@[\\\]^_`{|}~!]|(?<=www)\./gi;

/**
 * Renders a third-party text as one quoted line of Markdown in which nothing has a meaning: white
 * space is collapsed, what cannot be seen is dropped, and what Markdown reads is escaped (security case C10).
 *
 * @param maxLength in characters; what is longer ends with "…". Default 400
 *
 * @example
 * ```ts
 * quoteMarkdown('# Hi\n[x](y)'); // '"\\# Hi \\[x\\]\\(y\\)"'
 * ```
 */
export function quoteMarkdown(text: string, maxLength = 400): string {
  return `"${oneLine(text, maxLength).replaceAll(MEANINGFUL, '\\$&')}"`;
}

/**
 * Renders a URL, path or identifier of a manifest as code: nothing in it has a meaning, and it can be copied.
 *
 * @param maxLength in characters; default 2048
 */
export function quoteCode(text: string, maxLength = 2048): string {
  return `\`${oneLine(text, maxLength).replaceAll('`', '%60')}\``;
}

function oneLine(text: string, maxLength: number): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll(INVISIBLE, '').trim();
  const characters = [...line];
  return characters.length > maxLength ? `${characters.slice(0, maxLength).join('')}…` : line;
}
