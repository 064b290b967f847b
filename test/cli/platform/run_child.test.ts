import { Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { passRedacted, runChild } from '../../../cli/platform/run_child.ts';
import { createMatcher } from '../../../src/redact/matcher.ts';
import { createNeedles } from '../../../src/redact/needles.ts';
import { Secret } from '../../../src/secret.ts';
import { makeCanary } from '../../_lib/canary.ts';

const secret = makeCanary();
const matcher = createMatcher(createNeedles([{ provider: 'api', kind: 'value', value: new Secret(secret) }]));

test('R11: passRedacted() redacts a secret whatever the pieces', async () => {
  for (let at = 1; at < secret.length; at++) {
    let got = '';
    const to = new Writable({ write: (bytes, _, done) => (got += bytes, done()) });
    const pieces = [`a${secret.slice(0, at)}`, `${secret.slice(at)}b`].map((text) => new TextEncoder().encode(text));
    await passRedacted(Readable.from(pieces), to, matcher.begin());
    expect(got).toBe('a[sig:redacted:api]b');
  }
});

test('runChild() refuses a program that is not there', async () => {
  await expect(runChild({ command: ['no-such-program-here'], env: {} }, () => matcher.begin())).rejects.toThrow(
    /no such program/,
  );
});
