import { authorityOf, type Target } from '../../../src/target/target.ts';
import type { NetworkProxy } from './network_proxy.ts';

/** How a server is reached, and for whom. */
export interface Route {
  readonly target: Target;
  /** Whose request it is. Connections are never shared between owners (security case X5). */
  readonly owner: string;
  /** Goes through this proxy; direct when absent. */
  readonly networkProxy?: NetworkProxy | undefined;
  /** Path of a PEM file with further trusted CAs. */
  readonly caFile?: string | undefined;
  /** Whether loopback and private addresses may be dialled. */
  readonly allowPrivate?: boolean | undefined;
}

/** Whether two requests can use one connection: what {@link routeKey} says, without making a text. */
export function isSameRoute(a: Route, b: Route): boolean {
  return (a.target === b.target || isSameTarget(a.target, b.target)) && a.owner === b.owner &&
    a.networkProxy?.key === b.networkProxy?.key && (a.caFile ?? '') === (b.caFile ?? '') &&
    (a.allowPrivate ?? false) === (b.allowPrivate ?? false);
}

function isSameTarget(a: Target, b: Target): boolean {
  return a.host === b.host && a.port === b.port && a.scheme === b.scheme;
}

/** What two requests must have in common to use one connection. */
export function routeKey(route: Route): string {
  return `${ownerPrefix(route.owner)}${sessionKey(route)}`;
}

/** What the keys of all routes of an owner begin with. */
export function ownerPrefix(owner: string): string {
  // No member of a key can hold a line feed: hosts and URLs are parsed, and JSON escapes the others.
  return `${JSON.stringify(owner)}\n`;
}

/**
 * What two connections must have in common to use one TLS session. Owners share them: a session says whom one
 * speaks to and by what keys, not who asks; there are no client certificates.
 */
export function sessionKey({ target, networkProxy, caFile = '', allowPrivate = false }: Route): string {
  return `${target.scheme}://${target.host}:${target.port}\n${caFile === '' ? '' : JSON.stringify(caFile)}\n${
    networkProxy?.key ?? ''
  }\n${allowPrivate}`;
}

/** The server as messages name it. */
export function nameOf(route: Route): string {
  return authorityOf(route.target);
}

/** A canonical host as sockets want it: IPv6 without brackets. */
export function bareHost(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
