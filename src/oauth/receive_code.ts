import { SigError } from '../errors.ts';
import type { Clock, Invitation, ListenForRedirect } from '../ports.ts';
import type { Secret } from '../secret.ts';
import {
  authorizationFields,
  type AuthorizationRequest,
  authorizationUrl,
  createAttempt,
  processAuthorizationResponse,
  requireAuthorization,
} from './authorization_code.ts';
import type { ServerMetadata } from './discovery.ts';

/** How a code is asked for. */
export interface CodeFlow {
  /** Names the login in messages. */
  readonly name: string;
  readonly metadata: ServerMetadata;
  /** Its redirect URI is the registered one, possibly without a port. */
  readonly request: AuthorizationRequest;
  /** Sends the request to the server beforehand; returns what the browser takes there instead (RFC 9126). */
  readonly push: (
    endpoint: string,
    fields: Readonly<Record<string, string | undefined>>,
  ) => Promise<Readonly<Record<string, string>>>;
  readonly listen: ListenForRedirect;
  readonly invite: (invitation: Invitation) => Promise<void>;
  readonly clock: Clock;
  /** How long the person may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A code, and what only whoever asked for it knows. */
export interface ReceivedCode {
  readonly code: Secret;
  readonly verifier: string;
  readonly nonce: string;
  /** With its port. */
  readonly redirectUri: string;
}

/**
 * Lets a person sign in with a browser of this machine, and waits for the code that it brings
 * back. The request is pushed wherever the server takes that.
 *
 * @throws {SigError} E_LOGIN_FAILED when the person or the server says no, or nobody comes in time; E_TOKEN_RESPONSE when
 * the answer is not the one to this request; E_INTERRUPTED; and what the ports throw
 */
export async function receiveCode(flow: CodeFlow): Promise<ReceivedCode> {
  const { name, signal, timeoutMs } = flow;
  const metadata = requireAuthorization(flow.metadata);
  const pushEndpoint = metadata.pushedAuthorizationRequestEndpoint;
  const listener = await flow.listen(flow.request.redirectUri);
  try {
    const { redirectUri } = listener;
    const attempt = createAttempt();
    const fields = await authorizationFields({ ...flow.request, redirectUri }, attempt);
    const shown = pushEndpoint === undefined ? fields : await flow.push(pushEndpoint, fields);
    await flow.invite({
      url: authorizationUrl(metadata.authorizationEndpoint, shown),
      endsAtMs: flow.clock.now() + timeoutMs,
    });
    const query = await listener.wait(timeoutMs, signal);
    if (signal?.aborted) throw new SigError('E_INTERRUPTED', 'Login was cancelled');
    if (query === undefined) {
      throw new SigError('E_LOGIN_FAILED', `Nobody signed in to "${name}" in time`, {
        hint: 'the login that was there before is kept; try again',
      });
    }
    const code = processAuthorizationResponse(query, { ...metadata, state: attempt.state }, name);
    return { code, verifier: attempt.verifier, nonce: attempt.nonce, redirectUri };
  } finally {
    await listener.close();
  }
}
