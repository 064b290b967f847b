// What bench:redact measures, on whatever runtime runs it. Prints one JSON array of results.
import AhoCorasick from 'ahocorasick';
import { Buffer } from 'node:buffer';
import { formsOf } from '../../src/redact/form.ts';
import { createMatcher } from '../../src/redact/matcher.ts';
import { createNeedles, type SecretValue } from '../../src/redact/needles.ts';
import { Secret } from '../../src/secret.ts';

/** What one way of redacting costs. */
export interface Result {
  readonly secrets: number;
  readonly text: string;
  readonly way: string;
  /** Microseconds for a body of 1 KiB, from its beginning to its end. */
  readonly usPerKb: number;
  /** Speed over 2 MiB in chunks of 64 KiB. */
  readonly mbPerSec: number;
}

const ROUNDS = 40;
const SAMPLE_MS = 1.5;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

let state = 1;
function random(limit: number): number {
  state = Math.imul(state, 1_103_515_245) + 12_345;
  return ((state >>> 8) * limit) >>> 24;
}

function makeToken(length: number): string {
  return Array.from({ length }, () => ALPHABET[random(64)]).join('');
}

/** Of each three: a bearer JWT, a Cookie header, a token. */
function makeSecrets(count: number): SecretValue[] {
  return Array.from({ length: count }, (_, i): SecretValue => {
    const provider = `provider-${i}`;
    if (i % 3 === 2) return { provider, kind: 'value', value: new Secret(`ghp_${makeToken(36)}`) };
    const [name, value] = i % 3 === 0
      ? ['Authorization', `Bearer eyJ${makeToken(33)}.${makeToken(120)}.${makeToken(43)}`]
      : ['Cookie', `sid=${makeToken(32)}; csrf=${makeToken(24)}; lang=en-US`];
    return { provider, kind: 'header', name, value: new Secret(value) };
  });
}

/** The secret parts of what {@link makeSecrets} makes. */
function valuesOf(secrets: readonly SecretValue[]): string[] {
  return secrets.flatMap(({ value }) => {
    const text = value.reveal();
    return text.includes('=')
      ? text.split('; ').slice(0, 2).map((pair) => pair.slice(pair.indexOf('=') + 1))
      : [text.replace('Bearer ', '')];
  });
}

function makeJson(size: number, indent: number, values: readonly string[]): string {
  let text = '';
  for (let i = 0; text.length < size; i++) {
    const item = {
      id: random(1_000_000),
      name: 'Jane "JJ" Doe',
      self: `https://example.com/rest/api/2/issue/${random(10_000)}?expand=names&fields=all`,
      summary: 'The quick brown fox jumps over the lazy dog,\nthen rests',
      created: '2026-11-21T10:00:00.000Z',
      etag: makeToken(20),
      ...(values.length > 0 && i % 4 === 0 ? { echo: values[random(values.length)] } : {}),
    };
    text += `${JSON.stringify(item, null, indent)},`;
  }
  return text.slice(0, size);
}

function makeHtml(size: number): string {
  let text = '';
  while (text.length < size) {
    text +=
      `<li class="item item-${random(99)}" data-id="${random(9999)}"><a href="/browse/PROJ-${
        random(9999)
      }?a=1&amp;b=2">` +
      `Fix the &quot;login&quot; page &ndash; it&#39;s broken</a>\n    <span style="width: 50%">${
        makeToken(8)
      }</span></li>\n`;
  }
  return text.slice(0, size);
}

const TEXTS: Record<string, (size: number, values: readonly string[]) => Buffer> = {
  'JSON, clean': (size) => Buffer.from(makeJson(size, 0, [])),
  'JSON, indented, clean': (size) => Buffer.from(makeJson(size, 2, [])),
  'HTML, clean': (size) => Buffer.from(makeHtml(size)),
  'random bytes, clean': (size) => Buffer.from(Uint8Array.from({ length: size }, () => random(256))),
  'JSON, a secret each KiB': (size, values) => Buffer.from(makeJson(size, 0, values)),
};

type Way = (chunks: readonly Uint8Array[]) => unknown;

/** Ours finds everything; the others only what their name says, and nothing that chunks or escapes split. */
function waysFor(secrets: readonly SecretValue[]): Record<string, Way> {
  const matcher = createMatcher(createNeedles(secrets));
  const values = valuesOf(secrets);
  const forms = values.flatMap((value) => formsOf(value, 'p')).map(({ bytes }) => Buffer.from(bytes));
  const plain = values.map((value) => Buffer.from(value));
  const searchPlain = new AhoCorasick(values);
  const indexOfAll = (needles: readonly Buffer[]): Way => (chunks) => {
    let found = 0;
    for (const chunk of chunks) for (const needle of needles) if ((chunk as Buffer).indexOf(needle) >= 0) found++;
    return found;
  };
  return {
    'sig: all forms, escapes, splits': (chunks) => {
      const redaction = matcher.begin();
      let pieces = 0;
      for (const chunk of chunks) pieces += redaction.push(chunk).length;
      return pieces + redaction.flush().length;
    },
    'Buffer.indexOf, plain values': indexOfAll(plain),
    'Buffer.indexOf, all forms': indexOfAll(forms),
    'String.replaceAll, plain values': (chunks) => {
      let length = 0;
      for (const chunk of chunks) {
        let text = (chunk as Buffer).toString();
        for (const value of values) text = text.replaceAll(value, '[sig:redacted:p]');
        length += Buffer.from(text).length;
      }
      return length;
    },
    'ahocorasick, plain values': (chunks) => {
      let found = 0;
      for (const chunk of chunks) found += searchPlain.search((chunk as Buffer).toString('latin1')).length;
      return found;
    },
  };
}

/** The least milliseconds of one run, of many short samples: a busy machine only ever adds. */
function measure(runs: readonly (() => unknown)[]): number[] {
  const least = runs.map(() => Infinity);
  const counts = runs.map(() => 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const from = performance.now();
      for (let n = 0; n < counts[i]!; n++) run();
      const tookMs = performance.now() - from;
      least[i] = Math.min(least[i]!, tookMs / counts[i]!);
      if (tookMs < SAMPLE_MS) {
        counts[i] = Math.ceil(counts[i]! * Math.min(4, (1.2 * SAMPLE_MS) / Math.max(tookMs, 0.01)));
      }
    }
  }
  return least;
}

const results: Result[] = [];
for (const count of [1, 10, 100]) {
  const secrets = makeSecrets(count);
  const ways = Object.entries(waysFor(secrets));
  for (const [text, make] of Object.entries(TEXTS)) {
    const small = [make(1024, valuesOf(secrets))];
    const large = make(2 * 1024 * 1024, valuesOf(secrets));
    const chunks = Array.from({ length: 32 }, (_, i) => large.subarray(i * 65_536, (i + 1) * 65_536));
    const smallMs = measure(ways.map(([, way]) => () => way(small)));
    const largeMs = measure(ways.map(([, way]) => () => way(chunks)));
    for (const [i, [way]] of ways.entries()) {
      results.push({
        secrets: count,
        text,
        way,
        usPerKb: smallMs[i]! * 1000,
        mbPerSec: large.length / largeMs[i]! / 1000,
      });
    }
  }
}
console.log(JSON.stringify(results));
