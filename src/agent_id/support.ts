import { isSigError } from '../errors.ts';
import { parseServiceUrl } from './authority.ts';
import { type DocumentPorts, fetchDocument } from './fetch_document.ts';
import { readStartTags } from './html_tags.ts';

/** Whether a page says that its service takes agent identities. */
export interface Support {
  readonly supported: boolean;
  readonly version: 'v1' | null;
}

/** How much of a page is looked at, in bytes. */
const MAX_BYTES = 262_144;

/**
 * Looks for `<meta name="alien-agent-id" content="v1">` on a page. A page that cannot be had says
 * no; it does not fail.
 *
 * @param url of the page
 * @throws {SigError} E_TARGET, E_PLAINTEXT when the URL itself is not acceptable
 */
export async function probeSupport(url: string, ports: DocumentPorts): Promise<Support> {
  const parsed = parseServiceUrl(url, ports.allowInsecure);
  try {
    return readSupport(
      await fetchDocument(parsed, { type: 'text/html', maxBytes: MAX_BYTES, takesBeginning: true }, ports),
    );
  } catch (error) {
    if (isSigError(error)) return { supported: false, version: null };
    throw error;
  }
}

/** What an HTML text says: the first tag of that name decides. */
export function readSupport(html: string): Support {
  for (const { name, attributes } of readStartTags(html)) {
    if (name !== 'meta' || attributes.get('name')?.toLowerCase() !== 'alien-agent-id') continue;
    const isKnown = attributes.get('content') === 'v1';
    return { supported: isKnown, version: isKnown ? 'v1' : null };
  }
  return { supported: false, version: null };
}
