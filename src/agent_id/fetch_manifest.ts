import { authorityOf, originOf, parseUrl } from '../target/target.ts';
import { parseServiceUrl } from './authority.ts';
import { type DocumentPorts, fetchDocument } from './fetch_document.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** A manifest and where it was found. */
export interface FoundManifest {
  readonly manifestUrl: string;
  /** Host of the service, with its port unless that is the scheme's own. */
  readonly allowedHost: string;
  /** Where requests of this service may go: its own origin and that of `api.base`. */
  readonly origins: readonly string[];
  readonly manifest: Manifest;
}

/** Largest manifest, in bytes. */
const MAX_BYTES = 8192;

/**
 * Fetches the manifest of the service at a URL: always from the one well-known place of its host.
 *
 * @param url of the service; its path does not matter
 * @throws {SigError} E_MANIFEST, E_TARGET, E_PLAINTEXT, E_TIMEOUT, E_PRIVATE_ADDRESS, E_UPSTREAM, E_UPSTREAM_TLS
 *
 * @example
 * ```ts
 * const { manifest } = await fetchManifest('https://notes.example', { send, timer });
 * ```
 */
export async function fetchManifest(url: string, ports: DocumentPorts): Promise<FoundManifest> {
  const { target } = parseServiceUrl(url, ports.allowInsecure);
  const manifestUrl = `${originOf(target)}/.well-known/alien-agent-id.json`;
  const text = await fetchDocument(parseUrl(manifestUrl), { type: 'application/json', maxBytes: MAX_BYTES }, ports);
  const manifest = parseManifest(text, { service: target, allowInsecure: ports.allowInsecure });
  const origins = new Set([originOf(target), originOf(parseUrl(manifest.api.base).target)]);
  return { manifestUrl, allowedHost: authorityOf(target), origins: [...origins], manifest };
}
