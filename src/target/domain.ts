import { SigError } from '../errors.ts';
import { canonicalHost, hostKind } from './host.ts';
import type { Target } from './target.ts';

/** One entry of a provider's `domains`, parsed. */
export interface DomainPattern {
  /** Canonical host; of a wildcard the part after `*.`. */
  readonly host: string;
  /** The port that the entry names; the scheme's own when absent. */
  readonly port: number | undefined;
  /** Whether one more label must stand before `host`. */
  readonly wildcard: boolean;
}

const ENTRY = /^(\*\.)?(\[[^\]]*\]|[^:[\]*]+)(?::(\d{1,5}))?$/;

/**
 * Parses an entry of `domains`: `host`, `host:port`, `*.host` or `*.host:port`.
 *
 * @throws {SigError} E_TARGET when it is anything else; that a wildcard stands on a public suffix
 * is checked by {@link ./public_suffix.ts}
 */
export function parseDomain(text: string): DomainPattern {
  const found = ENTRY.exec(text);
  if (!found) {
    // Somebody may have put a whole URL here, with a secret in its query.
    const shown = text.split(/[?#]/, 1)[0]!.slice(0, 255);
    throw new SigError('E_TARGET', `Cannot use domain ${JSON.stringify(shown)}`, {
      hint: /^https?:/i.test(text) ? 'leave out the scheme' : 'write "host", "host:port" or "*.host"',
    });
  }
  const wildcard = found[1] !== undefined;
  const host = canonicalHost(found[2]!);
  const port = found[3] === undefined ? undefined : Number(found[3]);
  if (port !== undefined && (port < 1 || port > 65535)) {
    throw new SigError('E_TARGET', `Cannot use port ${port}: ports are 1 to 65535`);
  }
  if (wildcard && hostKind(host) !== 'name') {
    throw new SigError('E_TARGET', `Cannot use a wildcard before the address ${host}`);
  }
  return { host, port, wildcard };
}

/**
 * Whether a target is covered by a domain entry. Label-wise: `*.example.com` covers
 * `a.example.com` and neither `example.com` nor `a.b.example.com`.
 */
export function matchDomain(pattern: DomainPattern, target: Target): boolean {
  if (target.port !== (pattern.port ?? (target.scheme === 'https' ? 443 : 80))) return false;
  return pattern.wildcard ? parentOf(target.host) === pattern.host : target.host === pattern.host;
}

/** The host without its first label, or `undefined` for addresses and single labels. */
export function parentOf(host: string): string | undefined {
  if (hostKind(host) !== 'name') return undefined;
  const dot = host.indexOf('.');
  return dot < 0 ? undefined : host.slice(dot + 1);
}

/** The entry as config.yaml writes it, in canonical form. */
export function formatDomain(pattern: DomainPattern): string {
  return `${pattern.wildcard ? '*.' : ''}${pattern.host}${pattern.port === undefined ? '' : `:${pattern.port}`}`;
}
