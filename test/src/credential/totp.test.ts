import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { hotpCode, parseTotp, totpCode, totpSecondsLeft } from '../../../src/credential/totp.ts';
import { encodeBase32 } from '../../../src/encoding/base32.ts';
import { encodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';
import { SigError } from '../../../src/errors.ts';

const KEY20 = '12345678901234567890';
const KEYS = {
  SHA1: encodeBase32(encodeUtf8(KEY20)),
  SHA256: encodeBase32(encodeUtf8(KEY20.repeat(2).slice(0, 32))),
  SHA512: encodeBase32(encodeUtf8(KEY20.repeat(4).slice(0, 64))),
};

function seed(algorithm: keyof typeof KEYS, digits: number, key = KEYS[algorithm]) {
  return parseTotp(`otpauth://totp/x?secret=${key}&algorithm=${algorithm}&digits=${digits}`);
}

// RFC 4226, appendix D.
test.each(['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'])(
  'hotpCode() matches RFC 4226: %s',
  async (code) => {
    const codes = [];
    for (let counter = 0; counter < 10; counter++) codes.push(await hotpCode(seed('SHA1', 6), counter));
    expect(codes).toContain(code);
    expect(new Set(codes).size).toBe(10);
  },
);

// RFC 6238, appendix B.
test.each<[number, string, string, string]>([
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
])('totpCode() at %i matches RFC 6238', async (time, sha1, sha256, sha512) => {
  expect(await totpCode(seed('SHA1', 8), time)).toBe(sha1);
  expect(await totpCode(seed('SHA256', 8), time)).toBe(sha256);
  expect(await totpCode(seed('SHA512', 8), time)).toBe(sha512);
});

test('totpSecondsLeft() counts down to the next code', () => {
  expect([0, 1, 29, 30].map((time) => totpSecondsLeft(seed('SHA1', 6), time))).toEqual([30, 29, 1, 30]);
});

test('parseTotp() reads a bare seed with the usual settings', () => {
  const { key, ...settings } = parseTotp(' jbsw y3dp-ehpk 3pxp ');
  expect(key.reveal()).toBe('JBSWY3DPEHPK3PXP');
  expect(settings).toEqual({ algorithm: 'SHA1', digits: 6, periodSec: 30 });
});

test('parseTotp() reads an otpauth address', () => {
  const { key, ...settings } = parseTotp(
    'otpauth://totp/ACME%20Co:john@example.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&issuer=ACME&algorithm=SHA256&digits=8&period=60',
  );
  expect(key.reveal()).toBe('HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ');
  expect(settings).toEqual({ algorithm: 'SHA256', digits: 8, periodSec: 60 });
});

test.each<[string, RegExp]>([
  ['', /0 bytes/],
  ['123456', /base32/],
  ['234567', /3 bytes/],
  ['hello world!', /base32/],
  ['A'.repeat(5000), /bytes/],
  ['otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=1', /totp/],
  ['otpauth://totp/x', /0 bytes/],
  ['otpauth://totp/x?secret=1', /base32/],
  ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=5', /digits/],
  ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=9', /digits/],
  ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=6.0', /digits/],
  ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=0', /period/],
  ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=-30', /period/],
  ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=MD5', /algorithm/],
  ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=constructor', /algorithm/],
  ['otpauth://[', /address/],
])('parseTotp(%j) is refused without showing it', (text, message) => {
  let error: unknown;
  try {
    parseTotp(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SigError);
  expect((error as SigError).code).toBe('E_TOTP');
  expect((error as SigError).message).toMatch(message);
  expect(JSON.stringify(error)).not.toContain('JBSWY3DP');
});

const oathtool = findOathtool();
if (!oathtool) console.log('oathtool is not installed: totpCode() is checked against the RFC vectors only');

test.skipIf(!oathtool)('totpCode() agrees with oathtool for random keys and times', async () => {
  for (const [i, algorithm] of (['SHA1', 'SHA256', 'SHA512', 'SHA1', 'SHA256'] as const).entries()) {
    const key = encodeBase32(randomBytes(10 + 5 * i));
    const time = 1_000_000_000 + i * 123_456_789;
    const digits = 6 + (i % 3);
    const theirs = execFileSync('oathtool', [
      `--totp=${algorithm}`,
      '--base32',
      `--digits=${digits}`,
      `--now=@${time}`,
      key,
    ], { encoding: 'utf8' }).trim();
    expect(await totpCode(seed(algorithm, digits, key), time)).toBe(theirs);
  }
});

function findOathtool(): boolean {
  try {
    execFileSync('oathtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
