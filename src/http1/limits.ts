/** What a message may not exceed. */
export interface Limits {
  /** Bytes from the first line to the empty line. Default 65,536. */
  readonly maxHeadBytes: number;
  /** Default 100 for requests, 256 for responses. */
  readonly maxFields: number;
  /** Bytes of a body, framing not counted. Default unlimited. */
  readonly maxBodyBytes: number;
}

/** Limits of requests. */
export const REQUEST_LIMITS: Limits = { maxHeadBytes: 65_536, maxFields: 100, maxBodyBytes: Infinity };

/** Limits of responses: servers set more fields than clients do. */
export const RESPONSE_LIMITS: Limits = { maxHeadBytes: 65_536, maxFields: 256, maxBodyBytes: Infinity };

/** Limits of the trailers of either. */
export const TRAILER_LIMITS: Limits = { maxHeadBytes: 8_192, maxFields: 32, maxBodyBytes: 0 };

/** Bytes of all chunk extensions of one body. They mean nothing to anybody and cost (CVE-2023-39326). */
export const MAX_CHUNK_EXTENSION_BYTES = 4_096;

/** Interim (1xx) responses before the answer itself. */
export const MAX_INTERIM_RESPONSES = 32;
