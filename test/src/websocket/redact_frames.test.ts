import { Buffer, isUtf8 } from 'node:buffer';
import { expect, test } from 'vitest';
import { createMatcher, type Matcher } from '../../../src/redact/matcher.ts';
import { createNeedles } from '../../../src/redact/needles.ts';
import { Secret } from '../../../src/secret.ts';
import { redactFrames } from '../../../src/websocket/redact_frames.ts';
import { findLeaks, makeAwkwardCanary, makeCanary } from '../../_lib/canary.ts';
import { createRandom, cut, ENCODINGS, type Random } from '../../_lib/redaction.ts';
import { frame, messagesOf, readFrames } from '../../_lib/web_socket.ts';

const MARK = '[sig:redacted:api]';

function matcherFor(...secrets: string[]): Matcher {
  return createMatcher(createNeedles(secrets.map((secret) => ({
    provider: 'api',
    kind: 'value',
    value: new Secret(secret),
  }))));
}

/** What comes out for the client. */
function pass(matcher: Matcher, chunks: Iterable<Uint8Array>): Buffer {
  const frames = redactFrames(matcher.begin);
  return Buffer.concat([...chunks].flatMap((chunk) => frames.push(chunk)));
}

const messages = (matcher: Matcher, ...chunks: Uint8Array[]) => messagesOf(readFrames(pass(matcher, chunks)));

test('R1: redactFrames() redacts texts, binary messages and what control frames carry', () => {
  const canary = makeCanary();
  const matcher = matcherFor(canary);
  const sent = [
    frame(1, `you sent Bearer ${canary}.`),
    frame(2, Buffer.concat([Uint8Array.of(0, 255), Buffer.from(canary), Uint8Array.of(255)])),
    frame(9, canary),
    frame(10, `pong ${canary}`),
    frame(8, `\x03\xe8${canary}`.replace('\xe8', 'X')).fill(0xe8, 3, 4),
  ];
  const out = pass(matcher, [Buffer.concat(sent)]);
  expect(messagesOf(readFrames(out))).toEqual([
    [1, `you sent Bearer ${MARK}.`],
    [2, `\x00\xff${MARK}\xff`],
    [9, MARK],
    [10, `pong ${MARK}`],
    [8, `\x03\xe8${MARK}`],
  ]);
  expect(findLeaks(canary, { out })).toEqual([]);
});

test.each(Object.entries(ENCODINGS))('R3: redactFrames() finds a secret as %s, fragmented and cut', (_name, encode) => {
  const random = createRandom(7);
  const canary = makeAwkwardCanary();
  const matcher = matcherFor(canary);
  const text = Buffer.from(encode(canary) as string);
  for (let i = 0; i < 10; i++) {
    const bytes = fragments(2, text, random);
    const out = pass(matcher, cut(bytes, random));
    const [[opcode, redacted] = [0, '']] = messagesOf(readFrames(out).filter((its) => its.opcode < 8));
    expect(opcode).toBe(2);
    expect(findLeaks(canary, { redacted: Buffer.from(redacted, 'latin1') })).toEqual([]);
    expect(redacted.replaceAll('\0', '')).toContain(MARK);
  }
});

test('R2: redactFrames() finds a secret that two fragments share, wherever it is split', () => {
  const canary = makeCanary();
  const matcher = matcherFor(canary);
  for (const form of [canary, Buffer.from(canary).toString('base64'), Buffer.from(canary).toString('hex')]) {
    const text = `a ${form} b`;
    // Of base64 the last characters may be left, which do not tell a whole byte.
    const redacted = Buffer.from(matcher.redact(Buffer.from(text))).toString();
    expect(redacted).toContain(MARK);
    for (let at = 0; at <= text.length; at++) {
      const [first, second] = [frame(1, text.slice(0, at), false), frame(0, text.slice(at))];
      expect(messages(matcher, first, frame(9, 'ping'), second), `${at}`).toEqual([[9, 'ping'], [1, redacted]]);
      const whole = frame(1, text);
      expect(messages(matcher, whole.subarray(0, at), whole.subarray(at)), `${at}`).toEqual([[1, redacted]]);
    }
  }
});

test('R2: redactFrames() finds a secret in frames of one byte', () => {
  const canary = makeCanary();
  const text = Buffer.from(`<${canary}>`);
  const frames = [...text].map((byte, i) => frame(i === 0 ? 1 : 0, Uint8Array.of(byte), i === text.length - 1));
  const bytes = Buffer.concat(frames);
  expect(messages(matcherFor(canary), bytes)).toEqual([[1, `<${MARK}>`]]);
  expect(messages(matcherFor(canary), ...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([[1, `<${MARK}>`]]);
});

test('R2: redactFrames() passes a message on before its end is there, but for what may be a secret', () => {
  const canary = makeCanary();
  const frames = redactFrames(matcherFor(canary).begin);
  const whole = frame(1, `first ${canary} last`);
  const half = frames.push(whole.subarray(0, 2 + 6 + 10));
  expect(readFrames(Buffer.concat(half))).toEqual([{ opcode: 1, isFinal: false, payload: Buffer.from('first ') }]);
  const rest = readFrames(Buffer.concat(frames.push(whole.subarray(18))));
  expect(rest).toEqual([{ opcode: 0, isFinal: true, payload: Buffer.from(`${MARK} last`) }]);
});

test('redactFrames() leaves a clean message in one frame, and what is at its end with it', () => {
  const canary = makeCanary();
  const matcher = matcherFor(canary);
  // The beginning of a secret, at the very end of the message.
  const bytes = Buffer.concat([frame(1, `x${canary.slice(0, 9)}`), frame(1), frame(2, Buffer.alloc(70_000, 'z'))]);
  expect(pass(matcher, [bytes]).equals(bytes)).toBe(true);
});

test('R2: redactFrames() redacts the rest of a secret that is cut over messages', () => {
  const canary = makeCanary();
  const [head, tail] = [canary.slice(0, 10), canary.slice(10)];
  expect(messages(matcherFor(canary), frame(2, head), frame(2, `${tail} b`))).toEqual([[2, head], [2, `${MARK} b`]]);
  const parts = [head, tail.slice(0, 5), tail.slice(5)];
  expect(messages(matcherFor(canary), ...parts.map((part) => frame(1, part)))).toEqual([
    [1, head],
    [1, tail.slice(0, 5)],
    [1, MARK],
  ]);
  // With a message in between it is none.
  const between = [head, ' ', tail].map((part) => frame(1, part));
  expect(messages(matcherFor(canary), ...between).map(([, text]) => text)).toEqual([head, ' ', tail]);
});

test('redactFrames() keeps control frames within 125 bytes, and a reason in UTF-8', () => {
  const canary = makeCanary();
  const matcher = matcherFor(...[...'abcdefg'].map((letter) => `${letter}Z1-9y#`.padEnd(8, letter)), canary);
  const close = Buffer.concat([Uint8Array.of(3, 0xe8), Buffer.from(`${'aZ1-9y#a'.repeat(6)}${'é'.repeat(37)}`)]);
  const [[, reason] = [0, '']] = messages(matcher, frame(8, close));
  expect(reason.startsWith(`\x03\xe8${MARK}${MARK}`)).toBe(true);
  expect([124, 125]).toContain(reason.length);
  expect(isUtf8(Buffer.from(reason.slice(2), 'latin1'))).toBe(true);
  const [[, ping] = [0, '']] = messages(matcher, frame(9, 'aZ1-9y#a'.repeat(15)));
  expect(ping).toBe(MARK.repeat(7).slice(0, 125));
});

test('redactFrames() closes with a code when a rule is broken, and passes nothing behind that', () => {
  const frames = redactFrames(matcherFor(makeCanary()).begin);
  const out = Buffer.concat(frames.push(Buffer.concat([frame(1, 'we{}', false), frame(2, 'wrong'), frame(0, 'more')])));
  expect(readFrames(out)).toEqual([
    { opcode: 1, isFinal: false, payload: Buffer.from('we{}') },
    { opcode: 8, isFinal: true, payload: Buffer.from('\x03\xeaA message begins within another', 'latin1') },
  ]);
  expect(frames.isBroken()).toBe(true);
  expect(frames.push(frame(0, 'late'))).toEqual([]);
});

test('redactFrames() drops what a server sends behind its close', () => {
  const frames = redactFrames(matcherFor(makeCanary()).begin);
  const bytes = Buffer.concat([frame(8, Uint8Array.of(3, 0xe8)), frame(1, 'late')]);
  expect(Buffer.concat(frames.push(bytes)).toString('hex')).toBe('880203e8');
  expect([frames.push(frame(1, 'later')), frames.isBroken()]).toEqual([[], false]);
});

/** One message in random fragments, with pings between them. */
function fragments(opcode: number, text: Uint8Array, random: Random): Buffer {
  const frames: Buffer[] = [];
  const pieces = random(3) === 0 ? [text] : cut(text, random);
  for (const [i, piece] of pieces.entries()) {
    if (random(10) === 0) frames.push(frame(9, 'still there?'));
    frames.push(frame(i === 0 ? opcode : 0, piece, i === pieces.length - 1));
  }
  return pieces.length === 0 ? frame(opcode) : Buffer.concat(frames);
}

test('R2: redactFrames() redacts each message as the matcher redacts it whole, and text stays UTF-8', () => {
  const random = createRandom(20261122);
  const secrets = ['pässwörd-Ж☃-1234', '🔑🗝️ "schlüssel"', makeCanary(), makeAwkwardCanary()];
  const matcher = matcherFor(...secrets);
  const encodings = Object.values(ENCODINGS);
  for (let i = 0; i < 200; i++) {
    const sent: [opcode: number, text: Buffer][] = [];
    for (let j = random(4); j >= 0; j--) {
      const parts: Buffer[] = [];
      for (let k = random(4); k > 0; k--) {
        const secret = secrets[random(secrets.length)]!;
        const written = Buffer.from(encodings[random(encodings.length)]!(secret) as string);
        parts.push(random(3) === 0 ? Buffer.from(secret.slice(0, random(secret.length))) : written);
        parts.push(Buffer.from(['é', '☃', ' ', '{"a":1}', '\n', ''][random(6)]!));
      }
      const text = Buffer.concat(parts);
      sent.push([isUtf8(text) ? 1 + random(2) : 2, text]);
    }
    const bytes = Buffer.concat(sent.map(([opcode, text]) => fragments(opcode, text, random)));
    const found = messagesOf(readFrames(pass(matcher, cut(bytes, random)))).filter(([opcode]) => opcode < 8);
    expect(found).toEqual(sent.map(([opcode, text]) => [opcode, Buffer.from(matcher.redact(text)).toString('latin1')]));
    expect(found.filter(([opcode, text]) => opcode === 1 && !isUtf8(Buffer.from(text, 'latin1')))).toEqual([]);
  }
});

test('P8: redactFrames() takes any bytes, and writes whole frames only', () => {
  const random = createRandom(7);
  const matcher = matcherFor(makeCanary());
  for (let i = 0; i < 2_000; i++) {
    const bytes = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
    // Heads that are read are more telling than those that are refused at once.
    if (random(2) === 0 && bytes.length > 1) bytes.set([[1, 2, 0x81, 0x82, 0x89][random(5)]!, random(126)]);
    const out = pass(matcher, cut(bytes, random));
    expect(Buffer.concat(readFrames(out).map(({ opcode, isFinal, payload }) => frame(opcode, payload, isFinal))))
      .toEqual(
        out,
      );
  }
});
