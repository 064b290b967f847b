import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { createRequestDecoder, createResponseDecoder } from '../../../src/http1/decoder.ts';
import type { ParsedRequest, ParsedResponse } from '../../../src/http1/message.ts';
import { checkSwitch, expectAccept, withoutExtensions } from '../../../src/websocket/handshake.ts';
import { accepting, handshake, SAMPLE_ACCEPT } from '../../_lib/web_socket.ts';

function request(text: string): ParsedRequest {
  const decoder = createRequestDecoder();
  decoder.push(encodeUtf8(text));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

function response(text: string): ParsedResponse {
  const decoder = createResponseDecoder();
  decoder.expect({ method: 'GET', upgrade: true });
  decoder.push(encodeUtf8(text));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

const GOOD = handshake('a');
const keyOf = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');

test('expectAccept() answers the example of RFC 6455 §1.3', async () => {
  expect(await expectAccept(request(GOOD))).toBe(SAMPLE_ACCEPT);
});

test('expectAccept() is about the key as it is written, whatever its spare bits', async () => {
  const odd = GOOD.replace('ZQ==', 'ZR==');
  expect(await expectAccept(request(odd))).toBe(
    createHash('sha1').update('dGhlIHNhbXBsZSBub25jZR==258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64'),
  );
});

test.each(Object.entries({
  'another method': GOOD.replace('GET', 'POST'),
  'a body': GOOD.replace('\r\n\r\n', '\r\nContent-Length: 4\r\n\r\nbody'),
  'a body of chunks': GOOD.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  'no version': GOOD.replace(/Sec-WebSocket-Version: 13\r\n/, ''),
  'an old version': GOOD.replace('Version: 13', 'Version: 8'),
  'two versions': GOOD.replace('Sec-WebSocket-Key', 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key'),
  'no key': GOOD.replace(/Sec-WebSocket-Key: .*\r\n/, ''),
  'two keys': GOOD.replace('\r\n\r\n', `\r\nsec-websocket-key: ${keyOf(16)}\r\n\r\n`),
  'a key of 15 bytes': GOOD.replace(/Key: .*/, `Key: ${keyOf(15)}`),
  'a key of 17 bytes': GOOD.replace(/Key: .*/, `Key: ${keyOf(17)}`),
  'a key that is not base64': GOOD.replace(/Key: .*/, 'Key: dGhlIHNhbXBsZSBub25jZQ'),
  'an empty key': GOOD.replace(/Key: .*/, 'Key:'),
}))('H19: expectAccept() refuses %s', async (_name, text) => {
  await expect(expectAccept(request(text))).rejects.toMatchObject({ code: 'E_HTTP' });
});

test('withoutExtensions() takes away what the client offers, and nothing else', () => {
  const fields = [['Host', 'a'], ['sec-websocket-EXTENSIONS', 'permessage-deflate'], [
    'Sec-WebSocket-Protocol',
    'x',
  ]] as const;
  expect(withoutExtensions(fields)).toEqual([fields[0], fields[2]]);
  const none = [fields[0]];
  expect(withoutExtensions(none)).toBe(none);
});

test('checkSwitch() takes the answer to the handshake', () => {
  checkSwitch(response(accepting('Sec-WebSocket-Protocol: chat')), SAMPLE_ACCEPT);
  checkSwitch(response(accepting().replace('Upgrade: websocket', 'upgrade: WebSocket')), SAMPLE_ACCEPT);
  checkSwitch(response(accepting('Sec-WebSocket-Extensions:')), SAMPLE_ACCEPT);
});

test.each(Object.entries({
  'no proof': accepting().replace(/Sec-WebSocket-Accept: .*\r\n/, ''),
  'the proof of another key': accepting().replace('s3pPLM', 'S3pPLM'),
  'two proofs': accepting(`sec-websocket-accept: ${SAMPLE_ACCEPT}`),
  'another protocol': accepting().replace('Upgrade: websocket', 'Upgrade: h2c'),
  'another protocol as well': accepting().replace('Upgrade: websocket', 'Upgrade: websocket, h2c'),
  'no protocol': accepting().replace('Upgrade: websocket\r\n', ''),
}))('H19: checkSwitch() refuses %s', (_name, text) => {
  expect(() => checkSwitch(response(text), SAMPLE_ACCEPT)).toThrow(expect.objectContaining({ code: 'E_UPSTREAM' }));
});

test('R4: checkSwitch() refuses an extension, which nobody offered', () => {
  for (
    const extension of ['permessage-deflate', 'x-webkit-deflate-frame', 'permessage-deflate; server_max_window_bits=8']
  ) {
    expect(() => checkSwitch(response(accepting(`Sec-WebSocket-Extensions: ${extension}`)), SAMPLE_ACCEPT)).toThrow(
      expect.objectContaining({ code: 'E_CODING' }),
    );
  }
});
