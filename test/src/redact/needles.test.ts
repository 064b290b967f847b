import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMatcher } from '../../../src/redact/matcher.ts';
import { createNeedles, type SecretValue } from '../../../src/redact/needles.ts';
import { Secret } from '../../../src/secret.ts';
import { findLeaks, makeAwkwardCanary, makeCanary } from '../../_lib/canary.ts';
import { createRandom, ENCODINGS } from '../../_lib/redaction.ts';
import { ROOT } from '../../_lib/sig.ts';

function secretOf(kind: SecretValue['kind'], value: string, name?: string): SecretValue {
  return { provider: 'jira', kind, value: new Secret(value), ...(name === undefined ? {} : { name }) };
}

function redact(secrets: SecretValue[], text: string | Uint8Array): string {
  return Buffer.from(createMatcher(createNeedles(secrets)).redact(Buffer.from(text as string))).toString('latin1');
}

const jwt = () =>
  `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(`{"sub":"${makeCanary()}"}`).toString('base64url')}.${makeCanary()}`;

test.each(Object.entries(ENCODINGS))('R3: createNeedles() lets a secret be found as %s', (_name, encode) => {
  for (const secret of [makeCanary(), makeAwkwardCanary()]) {
    const matcher = createMatcher(createNeedles([secretOf('value', secret)]));
    for (const around of ['', 'a', 'ab', 'abc']) {
      const text = Buffer.concat([Buffer.from(around), Buffer.from(encode(secret) as string), Buffer.from(around)]);
      const redacted = Buffer.from(matcher.redact(text));
      expect(findLeaks(secret, { body: redacted })).toEqual([]);
      expect(redacted.toString('latin1').replaceAll('\0', '')).toContain('[sig:redacted:jira]');
    }
  }
});

test('R3: createNeedles() takes apart what was sent: token, password, cookies, parts of a JWT', () => {
  const [token, password, sid, csrf] = [jwt(), makeCanary(), makeCanary(), makeCanary()];
  const pair = Buffer.from(`someone:${password}`).toString('base64');
  const secrets = [
    secretOf('header', `Bearer ${token}`, 'Authorization'),
    secretOf('header', `Basic ${pair}`, 'authorization'),
    secretOf('header', `sid=${sid}; csrf="${csrf}"; lang=en`, 'Cookie'),
  ];
  const [, payload, signature] = token.split('.');
  for (
    const text of [token, payload!, signature!, password, pair.replace(/=+$/, ''), sid, csrf]
  ) {
    expect(redact(secrets, `<${text}>`)).toBe('<[sig:redacted:jira]>');
    for (const encode of Object.values(ENCODINGS)) {
      expect(findLeaks(text, { body: redact(secrets, encode(text)) })).toEqual([]);
    }
  }
});

test('R3: createNeedles() finds a token whose first part was cut off', () => {
  const token = jwt();
  const rest = token.slice(token.indexOf('.') + 1);
  expect(redact([secretOf('value', token)], rest)).toBe('[sig:redacted:jira].[sig:redacted:jira]');
});

test('R3: createNeedles() leaves the first part of a JWT alone, which is the same in many', () => {
  const token = jwt();
  const [header] = token.split('.');
  expect(redact([secretOf('value', token)], `alg ${header}.x`)).toBe(`alg ${header}.x`);
});

test('createNeedles() makes one mark of a whole header, and takes the weak cookies with it', () => {
  const cookie = `lang=en; sid=${makeCanary()}; theme=dark`;
  const secrets = [secretOf('header', cookie, 'Cookie')];
  expect(redact(secrets, `{"Cookie": "${cookie}"}`)).toBe('{"Cookie": "[sig:redacted:jira]"}');
  expect(redact(secrets, 'theme=dark; lang=en')).toBe('theme=dark; lang=en');
});

test('R5: createNeedles() looks for no weak secret in a body, and says which those are', () => {
  const { needles, fields, weak } = createNeedles([
    secretOf('value', 'hunter2'),
    secretOf('value', 'developer'),
    secretOf('header', 'Bearer test', 'Authorization'),
    secretOf('header', 'lang=en; tz=America/New_York', 'Cookie'),
    secretOf('cookie', 'dark-mode', 'theme'),
    secretOf('value', '   '),
  ]);
  expect(needles).toEqual([]);
  expect(weak).toEqual([
    { provider: 'jira', kind: 'value', weakness: 'short' },
    { provider: 'jira', kind: 'value', weakness: 'plain' },
    { provider: 'jira', kind: 'header', name: 'Authorization', weakness: 'short' },
    { provider: 'jira', kind: 'header', name: 'Cookie', weakness: 'short' },
    { provider: 'jira', kind: 'cookie', name: 'theme', weakness: 'plain' },
  ]);
  expect(fields).toEqual([
    { provider: 'jira', name: 'authorization', value: 'Bearer test' },
    { provider: 'jira', name: 'cookie', value: 'lang=en; tz=America/New_York' },
  ]);
});

test('createNeedles() ignores blanks around a value, and lists no text twice', () => {
  const secret = makeCanary();
  const { needles } = createNeedles([
    secretOf('value', ` ${secret}\n`),
    secretOf('cookie', secret),
    secretOf('value', secret),
  ]);
  expect(needles).toHaveLength(createNeedles([secretOf('value', secret)]).needles.length);
  expect(redact([secretOf('value', `${secret} `)], secret)).toBe('[sig:redacted:jira]');
});

test('createNeedles() names the provider that came first for a secret that two share', () => {
  const secret = new Secret(makeCanary());
  const { needles } = createNeedles([{ provider: 'one', kind: 'value', value: secret }, {
    provider: 'two',
    kind: 'value',
    value: secret,
  }]);
  expect(new Set(needles.map(({ provider }) => provider))).toEqual(new Set(['one']));
});

/** Texts that hold no canary: this repository, what is installed, and random bytes in several encodings. */
function* corpus(): Generator<Buffer> {
  let size = 0;
  for (const folder of ['src', 'cli', 'test', 'node_modules']) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(?:[cm]?[jt]s|json|md|html|txt|css|ya?ml|map)$/.test(entry.name)) continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      if (bytes.length > 500_000) continue;
      size += bytes.length;
      if (size > 24_000_000) return;
      yield bytes;
    }
  }
}

test('R5: createNeedles() finds nothing in texts without the secrets', () => {
  const secrets = Array.from({ length: 20 }, (_, i) => [
    secretOf('header', `Bearer ${i % 2 ? makeCanary() : jwt()}`, 'Authorization'),
    secretOf('header', `sid=${makeCanary()}; lang=en-US; tz=Europe/Berlin; seen=2026-11-21; theme=dark-mode`, 'Cookie'),
    secretOf('value', ['developer', 'P@ssw0rd', 'abc-1234', '7f3k9x2m', 'correct horse battery'][i % 5]!),
  ]).flat();
  const matcher = createMatcher(createNeedles(secrets));
  let files = 0;
  for (const bytes of corpus()) {
    if (/P@ssw0rd|abc-1234|7f3k9x2m|correct horse battery/.test(bytes.toString('latin1'))) continue;
    expect(matcher.redact(bytes)).toBe(bytes);
    files++;
  }
  expect(files).toBeGreaterThan(500);
  const random = createRandom(5);
  for (let i = 0; i < 40; i++) {
    const bytes = Buffer.from(Uint8Array.from({ length: 20_000 }, () => random(256)));
    const texts = [
      bytes,
      bytes.toString('base64'),
      bytes.toString('hex'),
      encodeURIComponent(bytes.toString('latin1')),
    ];
    for (
      const text of [...texts, JSON.stringify(bytes.toString('latin1'))].map((each) => Buffer.from(each as string))
    ) {
      expect(matcher.redact(text)).toBe(text);
    }
  }
});
