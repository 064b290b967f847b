import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { formsOf } from '../../../src/redact/form.ts';
import { createMatcher, type Matcher, RELEASE_LENGTH } from '../../../src/redact/matcher.ts';
import { type Alphabet, BASE64, EXACT, HEX, type Needle } from '../../../src/redact/needle.ts';
import { makeCanary } from '../../_lib/canary.ts';
import { createRandom, cut, type Random, redactChunks, redactSlowly } from '../../_lib/redaction.ts';

function needleOf(text: string, provider = 'p', alphabet: Alphabet = EXACT): Needle {
  return { bytes: encodeUtf8(text), alphabet, provider, mark: encodeUtf8(`[${provider}]`) };
}

function matcherOf(...texts: string[]): Matcher {
  return createMatcher({ needles: texts.map((text) => needleOf(text)), fields: [] });
}

function redactText(matcher: Matcher, text: string): string {
  return Buffer.from(matcher.redact(encodeUtf8(text))).toString();
}

function bytesOf(text: string): Uint8Array[] {
  return [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
}

function spell(byte: number, random: Random): string {
  const character = String.fromCharCode(byte);
  const hex = byte.toString(16).padStart(2, '0');
  const ways = [
    `%${hex}`,
    `%${hex.toUpperCase()}`,
    `\\u00${hex}`,
    `&#${byte};`,
    `&#x0${hex}`,
    `=${hex.toUpperCase()}`,
    `\\x${hex}`,
    `\\${character}`,
    `=\n${character}`,
    `\r\n${character}`,
  ];
  return ways[random(ways.length * 2)] ?? character;
}

/** Text of parts of needles, spelled in all ways, and of characters that make matching hard. */
function makeText(needles: readonly Needle[], random: Random): Uint8Array {
  let text = '';
  for (let i = random(6); i >= 0; i--) {
    const { bytes } = needles[random(needles.length)]!;
    const from = random(3) === 0 ? random(bytes.length) : 0;
    const to = random(3) === 0 ? random(bytes.length) : bytes.length;
    const isPlain = random(2) === 0;
    for (const byte of bytes.subarray(from, to)) text += isPlain ? String.fromCharCode(byte) : spell(byte, random);
    for (let j = random(4); j > 0; j--) text += '%&=\\\n\r;#xu4aZ1 '.charAt(random(16));
  }
  return Buffer.from(text, 'latin1');
}

const SETS: Record<string, Needle[]> = {
  one: [needleOf('abcdefgh12')],
  'each the beginning of the next': ['secretab', 'secretabcd', 'secretabcdefgh'].map((text, i) =>
    needleOf(text, `p${i}`)
  ),
  overlapping: [needleOf('abcdefgh'), needleOf('efghijkl', 'q'), needleOf('hijklmno', 'r')],
  nested: [needleOf('xxabcdefghxx'), needleOf('abcdefgh', 'q')],
  periodic: [needleOf('aaaaaaaa'), needleOf('abababab', 'q'), needleOf('aabaabaab', 'r')],
  'other alphabets': [needleOf('Zm9v+YmFy/Zg', 'b', BASE64), needleOf('a1b2c3d4e5f6', 'h', HEX)],
  'with blanks': [needleOf('Bearer abcdefgh'), needleOf('a b c d e f', 'q')],
  'with escapes of their own': [needleOf('a%3Db%2Bcd'), needleOf('{"a":"b&c"}', 'q')],
};

test.each(Object.entries(SETS))('R2: push() agrees with a slow search of the whole text: %s', (name, needles) => {
  const random = createRandom(name.length);
  const matcher = createMatcher({ needles, fields: [] });
  for (let round = 0; round < 120; round++) {
    const text = makeText(needles, random);
    const expected = { text: text.toString(), redacted: redactSlowly(needles, text) };
    expect({ text: text.toString(), redacted: Buffer.from(matcher.redact(text)).toString('latin1') }).toEqual(expected);
    for (let i = 0; i < 3; i++) {
      const chunks = cut(text, random);
      const sizes = chunks.map((chunk) => chunk.length);
      expect({ sizes, redacted: redactChunks(matcher, chunks) }).toEqual({ sizes, redacted: expected.redacted });
    }
  }
});

test('R2: push() makes the same of every chunking, for needles made of nothing but markers', () => {
  const needles = ['%41%42%43', '&amp;=\\u0041', '%%%%====', '=3D=3D=41', '%25%25%25', '\\\\\\\\\\\\\\\\'].map((text) =>
    needleOf(text)
  );
  const matcher = createMatcher({ needles, fields: [] });
  const random = createRandom(1);
  for (let round = 0; round < 600; round++) {
    const text = makeText(needles, random);
    expect(redactChunks(matcher, cut(text, random))).toBe(Buffer.from(matcher.redact(text)).toString('latin1'));
  }
  for (const { bytes } of needles) {
    const text = Buffer.from(bytes).toString();
    for (const spelled of [text, encodeURIComponent(text), JSON.stringify(text), text.replaceAll('&', '&amp;')]) {
      expect(redactText(matcher, `<${spelled}>`)).toContain('[p]');
    }
  }
});

test('R2: push() finds every form of a secret at every place where it can be split', () => {
  const secret = makeCanary();
  const forms = formsOf(secret, 'jira');
  const matcher = createMatcher({ needles: forms, fields: [] });
  for (const form of forms) {
    const text = Buffer.concat([Buffer.from('{"a": "'), form.bytes, Buffer.from('", "b": 1}')]);
    const expected = Buffer.concat([Buffer.from('{"a": "'), form.mark, Buffer.from('", "b": 1}')]).toString('latin1');
    for (let at = 0; at <= text.length; at++) {
      expect(redactChunks(matcher, [text.subarray(0, at), text.subarray(at)])).toBe(expected);
    }
    expect(redactChunks(matcher, [...text].map((byte) => Uint8Array.of(byte)))).toBe(expected);
  }
});

test('R2: push() finds an escaped secret at every place where it can be split', () => {
  const matcher = matcherOf('abc+def/ghi=');
  const text = Buffer.from('x\\u0061b%63&plus;d=65f\\/&#103;h=\r\ni%253Dy');
  for (let one = 0; one <= text.length; one++) {
    for (let two = one; two <= text.length; two++) {
      const chunks = [text.subarray(0, one), text.subarray(one, two), text.subarray(two)];
      expect(redactChunks(matcher, chunks)).toBe('x[p]y');
    }
  }
});

test('R2: push() splits no character of UTF-8 but in the chunks it was given', () => {
  const secret = 'pässwörd-日本-🔑';
  const matcher = createMatcher({ needles: formsOf(secret, 'p'), fields: [] });
  for (const spelled of [secret, JSON.stringify(secret), encodeURIComponent(secret), '&#112;' + secret.slice(1)]) {
    const text = `日本 ${spelled} pä日本🔑`;
    const redacted = Buffer.from(redactChunks(matcher, bytesOf(text)), 'latin1');
    expect(redacted.toString()).toBe(
      `日本 ${spelled.startsWith('"') ? '"[sig:redacted:p]"' : '[sig:redacted:p]'} pä日本🔑`,
    );
  }
});

test('R2: push() does not delay an event, and holds back only what may be the beginning of a secret', () => {
  const redaction = matcherOf('secret-value').begin();
  const push = (text: string) => Buffer.concat(redaction.push(encodeUtf8(text))).toString();
  expect(push('data: these are the secrets\n\n')).toBe('data: these are the secrets\n\n');
  expect(redaction.heldLength).toBe(0);
  expect(push('data: the secret')).toBe('data: the ');
  expect(redaction.heldLength).toBe(6);
  expect(push('s\n\n')).toBe('secrets\n\n');
  expect(push('a line\n')).toBe('a line\n');
  expect(push('50%')).toBe('50');
  expect(push(' off')).toBe('% off');
  expect(push('secret\r')).toBe('');
  expect(push('\n\r\n')).toBe('secret\r\n\r\n');
  expect(redaction.flush()).toEqual([]);
});

test('push() gives a clean chunk back as it is, and copies little of the one after held bytes', () => {
  const redaction = matcherOf('secret-value').begin();
  const chunk = encodeUtf8('nothing here '.repeat(1000));
  expect(redaction.push(chunk)).toEqual([chunk]);
  expect(redaction.push(chunk)[0]).toBe(chunk);
  redaction.push(encodeUtf8('sec'));
  const pieces = redaction.push(chunk);
  expect(Buffer.concat(pieces).toString()).toBe(`sec${Buffer.from(chunk).toString()}`);
  const shared = pieces.filter((piece) => piece.buffer === chunk.buffer);
  expect(Buffer.concat(shared).length).toBeGreaterThan(chunk.length - 100);
});

test('push() does not keep a chunk that its owner may write over', () => {
  const redaction = matcherOf('secret-value').begin();
  const chunk = encodeUtf8('secret');
  redaction.push(chunk);
  chunk.fill(0);
  expect(Buffer.concat(redaction.push(encodeUtf8('-value!'))).toString()).toBe('[p]!');
});

test('push() passes on at the end what only looked like a secret', () => {
  const matcher = matcherOf('secret-value');
  for (const text of ['secret-valu', 'secret-value%', 'secret%2', 'secret&#4', 's', '%', 'secret\n', 'secret=\r']) {
    expect(redactChunks(matcher, bytesOf(text))).toBe(text.replace('secret-value', '[p]'));
    expect(redactText(matcher, text)).toBe(text.replace('secret-value', '[p]'));
  }
});

test('flush() reads an escape that the end of the text ends', () => {
  expect(redactText(matcherOf('secret-value'), 'secret-valu&#101')).toBe('[p]');
});

test('push() marks adjacent secrets one by one and overlapping ones once, and counts them', () => {
  const needles = [needleOf('abcdefgh', 'one'), needleOf('efghijkl', 'two')];
  const redaction = createMatcher({ needles, fields: [] }).begin();
  const pieces = ['abcdefghabcdefgh ', 'abcdefghijkl', ' efghijkl'].flatMap((text) => redaction.push(encodeUtf8(text)));
  expect(Buffer.concat([...pieces, ...redaction.flush()]).toString()).toBe('[one][one] [one] [two]');
  expect([...redaction.counts]).toEqual([['one', 3], ['two', 1]]);
});

test('push() looks for 1,000 secrets at once', () => {
  const secrets = Array.from({ length: 1000 }, makeCanary);
  const needles = secrets.flatMap((secret, i) => formsOf(secret, `p${i}`));
  const matcher = createMatcher({ needles, fields: [] });
  const random = createRandom(2);
  for (const [i, secret] of secrets.entries()) {
    const bytes = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)][i % 3]!;
    const text = Buffer.from(`{"token": "${bytes}", "other": "${makeCanary()}"}`);
    const redacted = redactChunks(matcher, cut(text, random));
    expect(redacted).toContain(`[sig:redacted:p${i}]`);
    expect(redacted).not.toContain(bytes.slice(0, -4));
  }
});

test('push() holds no more than a secret can be long, however long a text looks like one', () => {
  const redaction = matcherOf('aaaaaaaaaaaaaaab', 'a'.repeat(32)).begin();
  let length = 0;
  for (let i = 0; i < 200; i++) {
    for (const piece of redaction.push(new Uint8Array(500).fill(0x61))) length += piece.length;
    expect(redaction.heldLength).toBeLessThan(32);
  }
  // All of it overlaps, and so is one secret.
  expect(length).toBe(3);
});

test('push() takes time in proportion to the text, also where every character may begin a secret', () => {
  const matcher = matcherOf(`${'%25'.repeat(300)}x`, `${'&amp;'.repeat(300)}x`, `${'\\'.repeat(999)}x`);
  const seconds = (text: string) => {
    const bytes = encodeUtf8(text);
    const from = performance.now();
    matcher.redact(bytes);
    return (performance.now() - from) / 1000;
  };
  for (const text of ['%25', '&amp;', '\\', '%', '%25%32%35']) expect(seconds(text.repeat(2000))).toBeLessThan(10);
});

test('R11: push() leaves every byte alone that is not part of a secret', () => {
  const matcher = createMatcher({ needles: formsOf(makeCanary(), 'p'), fields: [] });
  const random = createRandom(3);
  for (let round = 0; round < 50; round++) {
    const bytes = Uint8Array.from({ length: random(2000) }, () => random(256));
    expect(redactChunks(matcher, cut(bytes, random))).toBe(Buffer.from(bytes).toString('latin1'));
  }
});

test('R11: push() redacts split, base64, reversed and spaced output, and keeps colours and line ends', () => {
  const secret = makeCanary();
  const matcher = createMatcher({ needles: formsOf(secret, 'p'), fields: [] });
  const base64 = Buffer.from(`${secret}\n`).toString('base64');
  const spellings = [secret, base64, [...secret].reverse().join(''), [...secret].join(' ')];
  for (const spelled of spellings) {
    const text = `\x1b[31mtoken:\x1b[0m ${spelled}\r\n\x07\x1b]0;title\x07`;
    const redacted = redactChunks(matcher, bytesOf(text));
    expect(redacted).toMatch(/^\x1b\[31mtoken:\x1b\[0m \[sig:redacted:p\].{0,4}\r\n\x07\x1b\]0;title\x07$/);
  }
});

test('R11: release() shows a prompt at once and still redacts the secret that began in it', () => {
  const redaction = matcherOf('secret-value').begin();
  const text = (pieces: Uint8Array[]) => Buffer.concat(pieces).toString();
  expect(text(redaction.push(encodeUtf8('Continue? y/s')))).toBe('Continue? y/');
  expect(text(redaction.release())).toBe('s');
  expect(redaction.heldLength).toBe(0);
  expect(redaction.release()).toEqual([]);
  expect(text(redaction.push(encodeUtf8('ecret-value and se')))).toBe('[p] and ');
  expect(text(redaction.release())).toBe('se');
  expect(text(redaction.push(encodeUtf8('es kept')))).toBe('es kept');
  expect(text(redaction.flush())).toBe('');
});

test('R11: release() shows no more than three bytes of a secret that is printed slowly', () => {
  const secret = makeCanary();
  const matcher = createMatcher({ needles: formsOf(secret, 'p'), fields: [] });
  for (const size of [1, 2, 3, 4, 10, 20]) {
    const redaction = matcher.begin();
    let shown = '';
    const show = (pieces: Uint8Array[]) => (shown += Buffer.concat(pieces).toString());
    show(redaction.push(encodeUtf8('> ')));
    for (let at = 0; at < secret.length; at += size) {
      show(redaction.push(encodeUtf8(secret.slice(at, at + size))));
      show(redaction.release());
    }
    show(redaction.push(encodeUtf8(' <')));
    show(redaction.flush());
    const [before] = shown.split('[sig:redacted:p] <');
    expect(secret.startsWith(before!.slice(2))).toBe(true);
    expect(before!.length - 2).toBeLessThanOrEqual(RELEASE_LENGTH);
  }
});

test('createMatcher() without needles passes everything through', () => {
  const matcher = matcherOf();
  const chunk = encodeUtf8('anything');
  const redaction = matcher.begin();
  expect(redaction.push(chunk)[0]).toBe(chunk);
  expect([redaction.flush(), redaction.release(), redaction.heldLength, redaction.counts.size]).toEqual([[], [], 0, 0]);
  expect(matcher.redact(chunk)).toBe(chunk);
});

test('redact() gives the very same array back when it is clean, empty or not', () => {
  const matcher = matcherOf('secret-value');
  for (const bytes of [encodeUtf8('secret-valu'), new Uint8Array(0)]) expect(matcher.redact(bytes)).toBe(bytes);
});

test('redact() finds a secret at every address, since pairs of bytes are read by alignment', () => {
  const matcher = matcherOf('secret-value');
  const buffer = new ArrayBuffer(64);
  for (let offset = 0; offset < 9; offset++) {
    for (let before = 0; before < 9; before++) {
      const text = Buffer.from(`${'-'.repeat(before)}secret-value${'+'.repeat(offset)}`);
      const bytes = new Uint8Array(buffer, offset, text.length);
      bytes.set(text);
      expect(Buffer.from(matcher.redact(bytes)).toString()).toBe(`${'-'.repeat(before)}[p]${'+'.repeat(offset)}`);
    }
  }
});

const textOf = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();

test('flush() lets another text begin', () => {
  const redaction = matcherOf('abcdefgh12').begin();
  expect(textOf(redaction.push(encodeUtf8('x abcde')))).toBe('x ');
  expect(textOf(redaction.flush())).toBe('abcde');
  // What an earlier text ended with is no part of the next.
  expect(textOf([...redaction.push(encodeUtf8('fgh12')), ...redaction.flush()])).toBe('fgh12');
  expect(redaction.counts.get('p')).toBeUndefined();
});

test('R2: settle() passes on all, and the rest of a secret that has begun is redacted', () => {
  const redaction = matcherOf('abcdefgh12').begin();
  const say = (text: string) => textOf([...redaction.push(encodeUtf8(text)), ...redaction.settle()]);
  expect([say('x abcde'), say('fgh'), say('12 y')]).toEqual(['x abcde', 'fgh', '[p] y']);
  expect([say('abcde'), say('x'), say('fgh12')]).toEqual(['abcde', 'x', 'fgh12']);
  expect([say('abcdefgh12'), say(''), say('abc'), textOf(redaction.flush())]).toEqual(['[p]', '', 'abc', '']);
  expect(redaction.counts.get('p')).toBe(2);
});

test('R2: settle() shows no secret that could also go on', () => {
  const redaction = createMatcher({ needles: SETS['each the beginning of the next']!, fields: [] }).begin();
  const pieces = [...redaction.push(encodeUtf8('a secretab')), ...redaction.settle()];
  expect(textOf(pieces)).not.toContain('secretab');
  expect(redaction.heldLength).toBe(0);
});

test('R2: settle() after each chunk shows what flush() would, but for secrets that are cut', () => {
  const random = createRandom(11);
  for (const needles of Object.values(SETS)) {
    const matcher = createMatcher({ needles, fields: [] });
    for (let i = 0; i < 200; i++) {
      const text = makeText(needles, random);
      const redaction = matcher.begin();
      const whole = textOf([...redaction.push(text), ...redaction.settle(), ...redaction.flush()]);
      expect(whole).toBe(Buffer.from(matcher.redact(text)).toString());
    }
  }
});

test('settle() has nothing to say where nothing is looked for', () => {
  const redaction = matcherOf().begin();
  expect([redaction.push(encodeUtf8('abc')), redaction.settle()]).toEqual([[encodeUtf8('abc')], []]);
});

test('push() keeps nothing of a chunk, whose memory may be used for something else', () => {
  const redaction = matcherOf('secret-one').begin();
  const chunk = Buffer.from('before secret');
  expect(Buffer.concat(redaction.push(chunk)).toString()).toBe('before ');
  chunk.fill(0);
  expect(Buffer.concat([...redaction.push(encodeUtf8('-two')), ...redaction.flush()]).toString()).toBe('secret-two');
});

test.each(Object.entries(SETS))('R2: whole() agrees with push() and flush(), counts included: %s', (name, needles) => {
  const random = createRandom(name.length + 100);
  let marks = 0;
  const matcher = createMatcher({ needles, fields: [] }, () => marks++);
  for (let round = 0; round < 100; round++) {
    const text = makeText(needles, random);
    const pushed = matcher.begin();
    const pieces = Buffer.concat([...pushed.push(text), ...pushed.flush()]);
    const pushMarks = marks;
    marks = 0;
    const redaction = matcher.begin();
    const whole = redaction.whole(text);
    expect(Buffer.from(whole).toString('latin1')).toBe(pieces.toString('latin1'));
    expect(Buffer.from(whole).toString('latin1')).toBe(redactSlowly(needles, text));
    expect([[...redaction.counts], marks]).toEqual([[...pushed.counts], pushMarks]);
    expect(whole === text).toBe(redaction.counts.size === 0);
    expect([redaction.heldLength, redaction.flush()]).toEqual([0, []]);
    marks = 0;
  }
});

test('whole() passes everything where nothing is looked for', () => {
  const text = Buffer.from('text');
  expect(matcherOf().begin().whole(text)).toBe(text);
  expect(matcherOf('secret-value').begin().whole(new Uint8Array(0))).toHaveLength(0);
});
