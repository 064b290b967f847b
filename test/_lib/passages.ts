/**
 * Passages of the proxy over one provider, with credentials and audit log in memory.
 *
 * @module
 */

import { encodeUtf8 } from '../../src/encoding/bytes.ts';
import { createRequestDecoder } from '../../src/http1/decoder.ts';
import type { ParsedRequest, ParsedResponse } from '../../src/http1/message.ts';
import { createProviderSet } from '../../src/provider/find.ts';
import { type Counters, createCounters } from '../../src/proxy/counters.ts';
import { createPassages, type Passage } from '../../src/proxy/passage.ts';
import { createPlaceholders } from '../../src/proxy/placeholder.ts';
import { createPolicy } from '../../src/proxy/policy.ts';
import { createAuthorizer } from '../../src/sig/authorize.ts';
import type { HeaderPairs } from '../../src/target/head.ts';
import { makeCanary } from './canary.ts';
import { fixedClock, headOf, makeCredential, makeProvider, memoryAudit, memoryCredentials } from './fixture.ts';
import { handshake } from './web_socket.ts';

const provider = makeProvider();
/** The secret of the one login. */
export const TOKEN: string = makeCanary();

/** What a test sees of them. */
export interface TestPassages {
  readonly audit: ReturnType<typeof memoryAudit>;
  readonly counters: Counters;
  readonly placeholder: string;
  begin(url: string, headers?: string, method?: string): Promise<Passage>;
}

/** Makes them. A renewal gives `renewed-token-0123456789`. */
export async function makePassages(login: Parameters<typeof makeCredential>[2] = {}): Promise<TestPassages> {
  const credentials = await memoryCredentials(makeCredential(provider, { token: TOKEN }, login));
  const [clock, audit, placeholders] = [fixedClock(), memoryAudit(), createPlaceholders([provider])];
  const policy = createPolicy(createProviderSet([provider]), { env: () => undefined });
  const counters = createCounters();
  const renew = () => Promise.resolve(makeCredential(provider, { token: 'renewed-token-0123456789' }));
  const { begin } = createPassages({
    policy: () => policy,
    authorizer: createAuthorizer({ credentials, clock, renew, audit }),
    credentials,
    audit,
    clock,
    decoders: {},
    counters,
    placeholders,
  });
  return {
    audit,
    counters,
    placeholder: placeholders[0]!.text,
    begin: async (url: string, headers = '', method = 'GET') =>
      await begin(parse(url, headers, method), headOf(url).target),
  };
}

function parse(url: string, headers: string, method: string): ParsedRequest {
  const { target, path } = headOf(url);
  const decoder = createRequestDecoder();
  decoder.push(encodeUtf8(`${method} ${path} HTTP/1.1\r\nHost: ${target.host}\r\n${headers}\r\n`));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

/** An answer of 5 bytes, whose reason shows the secret. */
export const answerWith = (fields: HeaderPairs, status = 200): ParsedResponse => ({
  status,
  reason: `Hello ${TOKEN}`,
  minor: 1,
  fields,
  framing: { kind: 'length', length: 5 },
  keepAlive: true,
  interim: false,
} as ParsedResponse);
/** A client of HTTP/1.1 that stays. */
export const TO = { minor: 1, keepAlive: true } as const;

/** The first value of a field. */
export const valueOf = (fields: HeaderPairs, name: string): string | undefined =>
  fields.find(([other]) => other.toLowerCase() === name)?.[1];

/** The fields of a handshake. */
export const HANDSHAKE: string = handshake('x').split('\r\n').slice(2, -2).join('\r\n') + '\r\n';
/** An answer that switches to WebSocket. */
export const switching = (...fields: [string, string][]): ParsedResponse => ({
  ...answerWith([['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ...fields], 101),
  framing: { kind: 'tunnel' },
});
