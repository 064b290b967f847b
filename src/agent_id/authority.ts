import { SigError } from '../errors.ts';
import { hostKind, isLoopbackHost } from '../target/host.ts';
import { authorityOf, type ParsedUrl, parseUrl, type Target } from '../target/target.ts';

/**
 * Parses the URL of a service: https, or plain http to this very machine where that was asked for.
 *
 * @throws {SigError} E_TARGET, E_PLAINTEXT
 */
export function parseServiceUrl(text: string, allowInsecure = false): ParsedUrl {
  const parsed = parseUrl(text);
  const { target } = parsed;
  if (target.scheme === 'https' || (allowInsecure && isLoopbackHost(target.host))) return parsed;
  throw new SigError('E_PLAINTEXT', `Cannot talk to "${authorityOf(target)}" over plain http`, {
    hint: 'use https; plain http is for loopback, with --allow-insecure',
  });
}

/**
 * Whether a target is under the authority of a service: its host and port, or a subdomain of it on
 * that port. Parents and siblings are not.
 */
export function isSameAuthority(target: Target, service: Target): boolean {
  const [host, own] = [authorityOf(target), authorityOf(service)];
  return host === own || (hostKind(service.host) === 'name' && host.endsWith(`.${own}`));
}
