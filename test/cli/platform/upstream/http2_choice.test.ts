import { expect, test } from 'vitest';
import { allowsHttp2, isHttp2Only, needsHttp2 } from '../../../../cli/platform/upstream/http2_choice.ts';
import { explainTlsFailure } from '../../../../cli/platform/upstream/tls_failure.ts';
import { SPEAKS_HTTP2 } from '../../../../cli/platform/http2/support.ts';
import { targetOf } from '../../../_lib/upstream.ts';

const grpc = {
  method: 'POST',
  path: '/a.B/C',
  fields: [['Content-Type', 'application/grpc+proto'], ['TE', 'trailers']],
  hasBody: true,
} as const;

test('needsHttp2() is true of gRPC and of nothing else', () => {
  expect(needsHttp2(grpc)).toBe(true);
  expect(needsHttp2({ ...grpc, fields: [['content-type', 'application/grpc'], ['te', 'trailers']] })).toBe(true);
  expect(needsHttp2({ ...grpc, method: 'GET' })).toBe(false);
  expect(needsHttp2({ ...grpc, hasBody: false })).toBe(false);
  expect(needsHttp2({ ...grpc, fields: [['Content-Type', 'application/grpc']] })).toBe(false);
  expect(needsHttp2({ ...grpc, fields: [['Content-Type', 'application/grpc-web'], ['TE', 'trailers']] })).toBe(false);
});

test('allowsHttp2() needs TLS, and no other protocol after the request', () => {
  const route = { target: targetOf('https://a.test/'), owner: 'a' };
  expect(allowsHttp2(route, grpc)).toBe(SPEAKS_HTTP2);
  expect(allowsHttp2(route, { ...grpc, upgrade: true })).toBe(false);
  expect(allowsHttp2({ ...route, target: targetOf('http://a.test/') }, grpc)).toBe(false);
});

test('isHttp2Only() knows the alert of each runtime from other failures', () => {
  const alert = Object.assign(new Error('ssl/tls alert no application protocol'), { code: 'ERR_SSL_X' });
  expect(isHttp2Only(explainTlsFailure('a.test', alert))).toBe(true);
  expect(isHttp2Only(explainTlsFailure('a.test', new Error('certificate has expired')))).toBe(false);
  expect(isHttp2Only(new Error('no application protocol'))).toBe(false);
});
