import { expect, test } from 'vitest';
import { BOTH_VERSIONS, SPEAKS_HTTP2 } from '../../../../cli/platform/http2/support.ts';
import { currentRuntime } from '../../../_lib/run_child.ts';

test('BOTH_VERSIONS offers HTTP/2 first, and on Deno not at all', () => {
  expect(SPEAKS_HTTP2).toBe(currentRuntime !== 'deno');
  expect(BOTH_VERSIONS).toEqual(SPEAKS_HTTP2 ? ['h2', 'http/1.1'] : ['http/1.1']);
});
