import { expect, test } from 'vitest';
import { probeSupport, readSupport } from '../../../src/agent_id/support.ts';
import { SigError } from '../../../src/errors.ts';
import { answer, scriptedSend } from '../../_lib/fixture.ts';
import { quickTimer } from '../../_lib/timer.ts';

const YES = { supported: true, version: 'v1' };
const NO = { supported: false, version: null };
const HTML = [['Content-Type', 'text/html; charset=utf-8']] as const;
const timer = quickTimer();

test.each([
  ['<meta name="alien-agent-id" content="v1">', YES],
  ["<META CONTENT='v1' NAME='Alien-Agent-ID'/>", YES],
  ['<meta name=alien-agent-id content=v1>', YES],
  ['<meta name="alien-agent-id" content="v2"><meta name="alien-agent-id" content="v1">', NO],
  ['<meta name="alien-agent-id">', NO],
  ['<!-- <meta name="alien-agent-id" content="v1"> -->', NO],
  ['<script>var x = \'<meta name="alien-agent-id" content="v1">\'</script>', NO],
  ['<div data-x=\'<meta name="alien-agent-id" content="v1">\'>', NO],
  ['&lt;meta name="alien-agent-id" content="v1"&gt;', NO],
  ['<metadata name="alien-agent-id" content="v1">', NO],
])('C15: readSupport() of %s', (html, expected) => {
  expect(readSupport(html)).toEqual(expected);
});

test('C15: probeSupport() looks at the first 256 KiB of a page', async () => {
  const tag = '<meta name=alien-agent-id content=v1>';
  const near = scriptedSend(() => answer(200, tag.padEnd(400_000), HTML));
  const far = scriptedSend(() => answer(200, ' '.repeat(262_144) + tag, HTML));
  expect(await probeSupport('https://a.example/page', { send: near, timer })).toEqual(YES);
  expect(near.seen[0]!.head.path).toBe('/page');
  expect(await probeSupport('https://a.example', { send: far, timer })).toEqual(NO);
});

test('C15: probeSupport() takes a redirect, another type and a dead server for no', async () => {
  const tag = '<meta name=alien-agent-id content=v1>';
  for (
    const send of [
      scriptedSend(() => answer(301, tag, [...HTML, ['Location', 'https://b.example']])),
      scriptedSend(() => answer(200, tag, [['Content-Type', 'text/plain']])),
      scriptedSend(() => answer(500, tag, HTML)),
      scriptedSend(() => Promise.reject(new SigError('E_UPSTREAM', 'dead'))),
    ]
  ) {
    expect(await probeSupport('https://a.example', { send, timer })).toEqual(NO);
    expect(send.seen).toHaveLength(1);
  }
});

test('probeSupport() refuses a URL that is none, and plain http', async () => {
  const send = scriptedSend(() => answer(200));
  await expect(probeSupport('nope', { send, timer })).rejects.toMatchObject({ code: 'E_TARGET' });
  await expect(probeSupport('http://a.example', { send, timer })).rejects.toMatchObject({ code: 'E_PLAINTEXT' });
});
