import { SigError } from '../errors.ts';

/** Why bytes are not a message that everybody would frame alike, and the status that a client gets for it. */
export const HTTP1_ERRORS = {
  request_line: { status: 400, when: 'the first line is not a request line' },
  method: { status: 501, when: 'the method is not one that HTTP knows the form of' },
  version: { status: 505, when: 'the version is neither HTTP/1.1 nor HTTP/1.0' },
  target: { status: 400, when: 'the request target has no acceptable form' },
  misdirected: { status: 421, when: 'the request is for another host than its tunnel' },
  status_line: { status: 400, when: 'the first line is not a status line' },
  field: { status: 400, when: 'a line is not "name: value"' },
  fold: { status: 400, when: 'a field value goes on in a second line' },
  character: { status: 400, when: 'a control character stands where text belongs' },
  line_ending: { status: 400, when: 'a line ends with a lone CR or LF' },
  head_too_large: { status: 431, when: 'the head is longer than allowed' },
  too_many_fields: { status: 431, when: 'the head has more fields than allowed' },
  host: { status: 400, when: 'Host is missing, repeated or malformed' },
  length: { status: 400, when: 'Content-Length is repeated or is not one plain number' },
  coding: { status: 400, when: 'Transfer-Encoding is anything but "chunked"' },
  framing: { status: 400, when: 'the message says in two ways how long it is' },
  expectation: { status: 417, when: 'Expect asks for something else than 100-continue' },
  body_too_large: { status: 413, when: 'the body is longer than allowed' },
  chunk: { status: 400, when: 'a chunk is malformed' },
  trailer: { status: 400, when: 'a trailer is malformed, too large, or may not be one' },
  truncated: { status: 400, when: 'the connection ended within the message' },
  unsolicited: { status: 400, when: 'bytes came that no request asked for' },
  unwritable: { status: 502, when: 'a value cannot be put on the wire safely' },
} as const;

/** A reason for which a message is refused. */
export type Http1ErrorCode = keyof typeof HTTP1_ERRORS;

/**
 * A message that is refused. The connection that it came on cannot be used further: nobody knows
 * where the next message begins.
 */
export class Http1Error extends Error {
  override readonly name = 'Http1Error';
  readonly code: Http1ErrorCode;

  /**
   * @param detail names what is wrong where the table is not enough; never a field value
   */
  constructor(code: Http1ErrorCode, detail?: string) {
    super(detail ?? HTTP1_ERRORS[code].when);
    this.code = code;
  }

  /** What a client whose request is refused is answered with. */
  get status(): number {
    return HTTP1_ERRORS[this.code].status;
  }
}

/**
 * The error as the rest of the product knows it.
 *
 * @param side whose message it was: that of the `client`, or the answer of the `upstream`
 */
export function toSigError(error: Http1Error, side: 'client' | 'upstream'): SigError {
  if (error.code === 'unwritable') {
    return new SigError('E_BAD_CREDENTIAL_VALUE', `Cannot write the request: ${error.message}`, { cause: error });
  }
  if (side === 'upstream') {
    return new SigError('E_UPSTREAM', `Cannot use the answer of the server: ${error.message}`, { cause: error });
  }
  const code = error.code === 'target' || error.code === 'host' || error.code === 'misdirected' ? 'E_TARGET' : 'E_HTTP';
  return new SigError(code, `Cannot use the request: ${error.message}`, { cause: error });
}
