import type { Invitation, ListenForRedirect } from '../../src/ports.ts';

/** A browser and a listener in memory: a person who does at once what they are invited to. */
export interface MemoryBrowser {
  readonly listen: ListenForRedirect;
  readonly invite: (invitation: Invitation) => Promise<void>;
  readonly invitations: readonly Invitation[];
  /** How many listeners were opened and closed. */
  readonly listeners: { opened: number; closed: number };
}

/**
 * @param visit what the browser brings back from a page, as a query without `?`; `undefined` when the person never does
 */
export function memoryBrowser(visit: (page: URL) => string | undefined): MemoryBrowser {
  const invitations: Invitation[] = [];
  const listeners = { opened: 0, closed: 0 };
  return {
    invitations,
    listeners,
    invite: (invitation) => Promise.resolve(void invitations.push(invitation)),
    listen: (redirectUri) => {
      listeners.opened++;
      let isOpen = true;
      const close = () => {
        if (isOpen) listeners.closed++;
        isOpen = false;
        return Promise.resolve();
      };
      return Promise.resolve({
        redirectUri: redirectUri.replace(/^(http:\/\/[^/:]+)\//, '$1:4321/'),
        wait: (_timeoutMs, signal) => {
          const { url } = invitations.at(-1)!;
          return Promise.resolve(signal?.aborted ? undefined : visit(new URL(url)));
        },
        close,
      });
    },
  };
}

/** What an honest server sends a browser back with. */
export function honestAnswer(page: URL, issuer: string): string {
  return new URLSearchParams({ code: 'code-1', state: page.searchParams.get('state') ?? '', iss: issuer }).toString();
}
