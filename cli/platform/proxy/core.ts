import type { ConnectDecision } from '../../../src/proxy/policy.ts';
import type { BeginPassage } from '../../../src/proxy/passage.ts';
import type { Problem } from '../../../src/proxy/problem.ts';
import type { SigError } from '../../../src/errors.ts';
import type { Target } from '../../../src/target/target.ts';

/** A certificate chain and its key, PEM. */
export interface LeafIdentity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** When another one is to be made, in milliseconds since 1970. */
  readonly renewAtMs: number;
}

/** What the sockets ask: every decision of the proxy, none of its plumbing. */
export interface ProxyCore {
  /** @throws {SigError} when a CONNECT is refused */
  readonly connect: (target: Target) => ConnectDecision;
  readonly begin: BeginPassage;
  readonly problem: (error: SigError, close: boolean) => Problem;
  /** A fresh leaf for a host. @throws {SigError} E_HOST_NOT_ALLOWED when the CA may not name it */
  readonly leaf: (host: string) => Promise<LeafIdentity>;
  /** Answers requests to the proxy itself. */
  readonly control: (request: Request) => Promise<Response>;
  /** Whether a presented token is the session's. */
  readonly isToken: (token: string) => boolean;
}
