import { decodeUtf8 } from '../encoding/bytes.ts';
import { readAll } from '../encoding/read_all.ts';
import { SigError } from '../errors.ts';
import type { Send, Timer, WireResponse } from '../ports.ts';
import { authorityOf, type ParsedUrl } from '../target/target.ts';
import { readStart } from './read_start.ts';
import { within } from './within.ts';

/** How documents of a service are fetched. */
export interface DocumentPorts {
  readonly send: Send;
  readonly timer: Timer;
  /** Whether plain http on loopback and private addresses may be asked. Default false. */
  readonly allowInsecure?: boolean | undefined;
  /** For the whole of it, the last byte included, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined;
}

/** What is acceptable as a document. */
export interface DocumentRules {
  /** The one media type. */
  readonly type: string;
  readonly maxBytes: number;
  /** Whether the beginning is enough when there is more; default no, and then it is refused. */
  readonly takesBeginning?: boolean;
}

/**
 * Fetches a text from a service that is not trusted: no redirect, one media type, a size that is
 * checked while it comes, and one time limit for the whole.
 *
 * @throws {SigError} E_MANIFEST, E_TIMEOUT, and what `send` throws
 */
export async function fetchDocument(url: ParsedUrl, rules: DocumentRules, ports: DocumentPorts): Promise<string> {
  const { timeoutMs = 5_000 } = ports;
  const authority = authorityOf(url.target);
  const bad = (why: string) => new SigError('E_MANIFEST', `Cannot use the answer of "${authority}": ${why}`);
  const head = {
    method: 'GET',
    target: url.target,
    path: url.path,
    headers: [['Host', authority], ['Accept', rules.type], ['Accept-Encoding', 'identity']] as const,
  };
  const sending = ports.send(head, null, { allowPrivate: ports.allowInsecure ?? false, timeoutMs });
  return await within(timeoutMs, `No whole answer from "${authority}"`, ports.timer, sending, async (response) => {
    const { status } = response;
    if (status >= 300 && status < 400) throw bad('it is a redirect');
    if (status < 200 || status > 299) throw bad(`its status is ${status}`);
    if (!hasType(response, rules.type)) throw bad(`it is not ${rules.type}`);
    if (fieldOf(response, 'content-encoding') !== undefined) throw bad('it is compressed');
    if (rules.takesBeginning) return new TextDecoder().decode((await readStart(response.body, rules.maxBytes)).bytes);
    const bytes = await readAll(response.body, rules.maxBytes);
    if (bytes === undefined) throw bad(`it has more than ${rules.maxBytes} bytes`);
    try {
      return decodeUtf8(bytes);
    } catch {
      throw bad('it is not UTF-8');
    }
  });
}

/** The value of a header that stands once; `undefined` when it is absent or ambiguous. */
export function fieldOf(response: WireResponse, name: string): string | undefined {
  const values = response.headers.filter(([other]) => other.toLowerCase() === name);
  return values.length === 1 ? values[0]![1] : undefined;
}

function hasType(response: WireResponse, type: string): boolean {
  const value = fieldOf(response, 'content-type')?.toLowerCase().trim();
  return value === type || value?.startsWith(`${type};`) === true || value?.startsWith(`${type} `) === true;
}
