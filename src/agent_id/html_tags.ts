/** A start tag and its attributes, names in lower case; of an attribute that stands twice, the first. */
export interface StartTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Elements whose content is text, whatever it looks like (HTML standard §13.1.2, with scripting on). */
const TEXT_ONLY = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes', 'noscript']);
const SPACE = /[\t\n\f\r ]/;
/** One attribute behind a tag's name (HTML standard §13.2.5.32 to 39). Sticky: it is tried at one place only. */
const ATTRIBUTE =
  /[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r >"'][^\t\n\f\r >]*)?))?/y;

/**
 * Finds the start tags of an HTML text as a browser would: not in comments, scripts and other
 * text, and with attributes in any quotes or none. Time is linear in the length.
 */
export function* readStartTags(html: string): Generator<StartTag> {
  let at = html.indexOf('<');
  while (at >= 0) {
    const next = html[at + 1] ?? '';
    if (html.startsWith('<!--', at)) at = endOfComment(html, at + 4);
    else if (/[a-z]/i.test(next)) {
      const found = readTag(html, at + 1);
      if (!found) return;
      yield found.tag;
      at = TEXT_ONLY.has(found.tag.name) ? endOfText(html, found.end, found.tag.name) : found.end;
      if (found.tag.name === 'plaintext') return;
    } else if (next === '/' && /[a-z]/i.test(html[at + 2] ?? '')) {
      const found = readTag(html, at + 2);
      if (!found) return;
      at = found.end;
    } else at = next === '!' || next === '?' || next === '/' ? after(html, '>', at) : at + 1;
    if (at < 0) return;
    at = html.indexOf('<', at);
  }
}

function readTag(html: string, start: number): { tag: StartTag; end: number } | undefined {
  let at = start;
  while (at < html.length && !SPACE.test(html[at]!) && html[at] !== '/' && html[at] !== '>') at++;
  const name = html.slice(start, at).toLowerCase();
  const attributes = new Map<string, string>();
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const found = ATTRIBUTE.exec(html);
    if (!found) break;
    at = ATTRIBUTE.lastIndex;
    const key = found[1]!.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, found[2] ?? found[3] ?? found[4] ?? '');
  }
  while (at < html.length && (SPACE.test(html[at]!) || html[at] === '/')) at++;
  // A tag that the text ends in is none.
  return html[at] === '>' ? { tag: { name, attributes }, end: at + 1 } : undefined;
}

function endOfComment(html: string, from: number): number {
  // `<!-->` and `<!--->` are comments too.
  const abrupt = /-?>/y;
  abrupt.lastIndex = from;
  if (abrupt.test(html)) return abrupt.lastIndex;
  const end = /--!?>/g;
  end.lastIndex = from;
  return end.test(html) ? end.lastIndex : -1;
}

function endOfText(html: string, from: number, name: string): number {
  const end = new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi');
  end.lastIndex = from;
  const found = end.exec(html);
  return found ? found.index : -1;
}

function after(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length;
}
