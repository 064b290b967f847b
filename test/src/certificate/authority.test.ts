import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { beforeAll, expect, test } from 'vitest';
import {
  type Authority,
  coversHost,
  createAuthority,
  createLeafKey,
  isLeafDue,
  issueLeaf,
  type LeafKey,
  openAuthority,
} from '../../../src/certificate/authority.ts';
import { encodeName, readCertificate, signCertificate } from '../../../src/certificate/certificate.ts';
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyId,
} from '../../../src/certificate/extension.ts';
import { decodePem, encodePem } from '../../../src/encoding/pem.ts';
import { Secret } from '../../../src/secret.ts';
import { needCommands, runCommand } from '../../_lib/command.ts';
import { useFolder, useServer } from '../../_lib/lab.ts';

const NOW_SEC = Math.floor(Date.now() / 1000);
const DAY_SEC = 86_400;
const HOSTS = ['a.example', '10.1.2.3', '[2001:db8::7]'];
let authority: Authority;
let open: Authority;
let key: LeafKey;

beforeAll(async () => {
  ({ authority } = await createAuthority({ commonName: 'sig constrained', nowSec: NOW_SEC, permittedHosts: HOSTS }));
  open = (await createAuthority({ commonName: 'sig open', nowSec: NOW_SEC })).authority;
  key = await createLeafKey();
});

async function verifyStrictly(ca: Authority, leafPem: string, purpose = 'sslserver'): Promise<string> {
  const folder = await useFolder();
  await writeFile(join(folder, 'ca.pem'), ca.certificatePem);
  await writeFile(join(folder, 'leaf.pem'), leafPem);
  const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.pem', 'leaf.pem'];
  const result = await runCommand('openssl', args, { cwd: folder });
  return result.stdout + result.stderr;
}

/** A leaf that this CA should never have signed, as a thief of its key would make it. */
async function forgeLeaf(ca: Authority, host: string): Promise<string> {
  const der = await signCertificate({
    issuer: ca.certificate.subject,
    subject: encodeName('forged', 'organization'),
    subjectKey: key.publicKey,
    notBeforeSec: NOW_SEC - 60,
    notAfterSec: NOW_SEC + DAY_SEC,
    extensions: [
      basicConstraints(false),
      keyUsage(false),
      extendedKeyUsage('serverAuth'),
      subjectKeyId(key.keyId),
      authorityKeyId(ca.certificate.extensions.get('2.5.29.14')!.value.slice(2)),
      subjectAltName([host]),
    ],
  }, ca.privateKey);
  return encodePem('CERTIFICATE', der);
}

test.for(['a.example', 'deep.a.example', '10.1.2.3', '[2001:db8::7]'])(
  'T8: issueLeaf() for %s passes openssl verify -x509_strict under a constrained CA',
  async (host, { skip }) => {
    needCommands(skip, 'openssl');
    const leaf = await issueLeaf(authority, { hosts: [host], key, nowSec: NOW_SEC });
    expect(await verifyStrictly(authority, leaf.certificatePem)).toContain('leaf.pem: OK');
  },
);

test('T8: issueLeaf() under an open CA passes, for a server and for a client', async ({ skip }) => {
  needCommands(skip, 'openssl');
  const server = await issueLeaf(open, { hosts: ['a.example', '127.0.0.1'], key, nowSec: NOW_SEC });
  expect(await verifyStrictly(open, server.certificatePem)).toContain('OK');
  const client = await issueLeaf(open, { hosts: ['a.example'], key, nowSec: NOW_SEC, purpose: 'clientAuth' });
  expect(await verifyStrictly(open, client.certificatePem, 'sslclient')).toContain('OK');
  expect(await verifyStrictly(open, client.certificatePem)).toContain('unsuitable certificate purpose');
});

test.for(['b.example', 'xa.example', 'a.example.evil', '10.1.2.4', '127.0.0.1', '[2001:db8::8]'])(
  'T6: openssl refuses a leaf for %s that a thief of the constrained CA signed',
  async (host, { skip }) => {
    needCommands(skip, 'openssl');
    expect(await verifyStrictly(authority, await forgeLeaf(authority, host))).toContain('permitted subtree violation');
  },
);

test('T6: a CA constrained to names excludes every address, and one constrained to nothing every host', async ({ skip }) => {
  needCommands(skip, 'openssl');
  for (
    const [permittedHosts, foreign] of [[['a.example'], '10.0.0.1'], [['10.0.0.1'], 'a.example'], [
      [],
      'a.example',
    ]] as const
  ) {
    const ca = (await createAuthority({ commonName: 'sig', nowSec: NOW_SEC, permittedHosts })).authority;
    expect(await verifyStrictly(ca, await forgeLeaf(ca, foreign))).toContain('excluded subtree violation');
  }
});

test('T6: a TLS client of this runtime accepts a covered host and refuses a forged one', async () => {
  const good = await issueLeaf(authority, { hosts: ['a.example'], key, nowSec: NOW_SEC });
  expect(await shakeHands(authority, good.certificatePem, 'a.example')).toBe('ok');
  expect(await shakeHands(authority, await forgeLeaf(authority, 'b.example'), 'b.example')).not.toBe('ok');
});

/** The answer of a verifying client: `ok` or the name of what it disliked. */
async function shakeHands(ca: Authority, leafPem: string, servername: string): Promise<string> {
  const server = createServer({ cert: leafPem, key: key.privateKeyPem.reveal() });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    return await new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: ca.certificatePem });
      socket.on('secureConnect', () => (socket.destroy(), resolve('ok')));
      socket.on('error', (error) => (socket.destroy(), resolve((error as { code?: string }).code ?? error.message)));
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test('T8: curl and Python with VERIFY_X509_STRICT accept the certificates of a name and of an address', async ({ skip }) => {
  const [curl, python] = needCommands(skip, 'curl', 'python3');
  const server = await useServer();
  for (const host of ['localhost', '127.0.0.1']) {
    const url = `https://${host}:${server.port}/`;
    const fetched = await runCommand(curl!, ['--silent', '--show-error', '--cacert', server.caFile, url]);
    expect(fetched.stdout + fetched.stderr).toBe('ok');
    const script = `import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
print(urllib.request.urlopen(sys.argv[2], context=context).read().decode(), end='')`;
    const read = await runCommand(python!, ['-c', script, server.caFile, url]);
    expect(read.stdout + read.stderr).toBe('ok');
  }
});

test('T8: createAuthority() makes a CA with key identifiers, critical constraints and no further CA below', () => {
  const { extensions } = authority.certificate;
  const critical = [...extensions].filter(([, extension]) => extension.isCritical).map(([id]) => id);
  expect([...extensions.keys()]).toEqual(expect.arrayContaining(['2.5.29.14', '2.5.29.35']));
  expect(critical.sort()).toEqual(['2.5.29.15', '2.5.29.19', '2.5.29.30']);
  expect(new X509Certificate(Buffer.from(authority.certificate.der)).ca).toBe(true);
});

test('T7: createAuthority() makes another key for each installation, and shows the name it was given', async () => {
  const other = await createAuthority({ commonName: 'sig constrained', nowSec: NOW_SEC, permittedHosts: HOSTS });
  expect(other.authority.certificate.publicKey).not.toEqual(authority.certificate.publicKey);
  expect(new X509Certificate(authority.certificatePem).subject).toBe('CN=sig constrained');
});

test('openAuthority() brings back a CA that signs, and whose key cannot be exported', async ({ skip }) => {
  const made = await createAuthority({ commonName: 'sig', nowSec: NOW_SEC, permittedHosts: ['a.example'] });
  const der = decodePem('CERTIFICATE', made.authority.certificatePem)[0]!;
  const opened = await openAuthority(der, made.privateKeyDer);
  expect(opened.permittedHosts).toEqual(['a.example']);
  await expect(crypto.subtle.exportKey('pkcs8', opened.privateKey)).rejects.toThrow();
  needCommands(skip, 'openssl');
  const leaf = await issueLeaf(opened, { hosts: ['a.example'], key, nowSec: NOW_SEC });
  expect(await verifyStrictly(made.authority, leaf.certificatePem)).toContain('OK');
});

test('openAuthority() refuses a key that is not the key of the certificate', async () => {
  const [one, two] = await Promise.all([1, 2].map(() => createAuthority({ commonName: 'sig', nowSec: NOW_SEC })));
  const refusal = openAuthority(one!.authority.certificate.der, two!.privateKeyDer);
  await expect(refusal).rejects.toMatchObject({ code: 'E_CORRUPT' });
});

test.each([new Uint8Array(), Uint8Array.of(0x30, 0), new Uint8Array(100).fill(255)])(
  'openAuthority() refuses %j as a certificate or as a key',
  async (bytes) => {
    const { authority, privateKeyDer } = await createAuthority({ commonName: 'sig', nowSec: NOW_SEC });
    const corrupt = { code: 'E_CORRUPT' };
    await expect(openAuthority(bytes, privateKeyDer)).rejects.toMatchObject(corrupt);
    await expect(openAuthority(authority.certificate.der, new Secret(bytes))).rejects.toMatchObject(corrupt);
  },
);

test('T9: issueLeaf() starts an hour ago, lives seven days at most and never outlives its CA', async () => {
  const leaf = await issueLeaf(open, { hosts: ['a.example'], key, nowSec: NOW_SEC + DAY_SEC });
  expect([leaf.notBeforeSec, leaf.notAfterSec]).toEqual([NOW_SEC + DAY_SEC - 3600, NOW_SEC + 8 * DAY_SEC - 3600]);
  const short = (await createAuthority({ commonName: 'sig', nowSec: NOW_SEC, lifeSec: DAY_SEC })).authority;
  const last = await issueLeaf(short, { hosts: ['a.example'], key, nowSec: NOW_SEC });
  expect(last.notAfterSec).toBe(short.certificate.notAfterSec);
  const read = readCertificate(decodePem('CERTIFICATE', leaf.certificatePem)[0]!);
  expect([read.notBeforeSec, read.notAfterSec]).toEqual([leaf.notBeforeSec, leaf.notAfterSec]);
});

test('T8: issueLeaf() keeps the DNS or address kind of each host, in canonical form', async () => {
  const leaf = await issueLeaf(open, { hosts: ['BÜCHER.example.', '0x7f.1', '[0:0::1]'], key, nowSec: NOW_SEC });
  // Deno shortens the address, Node does not.
  expect(new X509Certificate(leaf.certificatePem).subjectAltName).toMatch(
    /^DNS:xn--bcher-kva\.example, IP Address:127\.0\.0\.1, IP Address:(?:0:0:0:0:0:0:0|:):1$/,
  );
});

test('issueLeaf() leaves a host longer than a common name may be out of the subject', async ({ skip }) => {
  needCommands(skip, 'openssl');
  const host = `${'x'.repeat(63)}.example`;
  const leaf = await issueLeaf(open, { hosts: [host], key, nowSec: NOW_SEC });
  expect(new X509Certificate(leaf.certificatePem).subject).toBe('O=sig');
  expect(await verifyStrictly(open, leaf.certificatePem)).toContain('OK');
});

test.each(['b.example', 'xa.example', '10.1.2.4', '[::1]', 'example'])(
  'T10: issueLeaf() refuses %s, for which the CA is not permitted',
  async (host) => {
    const refusal = issueLeaf(authority, { hosts: ['a.example', host], key, nowSec: NOW_SEC });
    await expect(refusal).rejects.toMatchObject({ code: 'E_HOST_NOT_ALLOWED' });
    expect(coversHost(authority, host)).toBe(false);
  },
);

test('coversHost() covers subdomains of names, never of addresses', () => {
  for (const host of ['a.example', 'b.a.example', '10.1.2.3']) expect(coversHost(authority, host)).toBe(true);
  expect(coversHost(authority, 'x.10.1.2.3')).toBe(false);
  expect(coversHost(open, 'any.example')).toBe(true);
});

test.each([0, -1, 60, Number.NaN, Number.POSITIVE_INFINITY, 8 * DAY_SEC])(
  'issueLeaf() refuses a life of %d seconds',
  async (lifeSec) => {
    await expect(issueLeaf(open, { hosts: ['a.example'], key, nowSec: NOW_SEC, lifeSec })).rejects.toThrow(RangeError);
  },
);

test('issueLeaf() and createAuthority() refuse no host, a bad host and a bad name', async () => {
  await expect(issueLeaf(open, { hosts: [], key, nowSec: NOW_SEC })).rejects.toThrow(RangeError);
  await expect(issueLeaf(open, { hosts: ['a b'], key, nowSec: NOW_SEC })).rejects.toMatchObject({ code: 'E_TARGET' });
  await expect(createAuthority({ commonName: '', nowSec: NOW_SEC })).rejects.toThrow(RangeError);
  const badHost = createAuthority({ commonName: 'sig', nowSec: NOW_SEC, permittedHosts: ['*'] });
  await expect(badHost).rejects.toMatchObject({ code: 'E_TARGET' });
});

test('T11: isLeafDue() asks for a new leaf in the last fifth of its life and when its time is still to come', async () => {
  const leaf = await issueLeaf(open, { hosts: ['a.example'], key, nowSec: NOW_SEC + DAY_SEC });
  const lifeSec = leaf.notAfterSec - leaf.notBeforeSec;
  expect(isLeafDue(leaf, leaf.notBeforeSec - 1)).toBe(true);
  expect(isLeafDue(leaf, leaf.notBeforeSec)).toBe(false);
  expect(isLeafDue(leaf, leaf.notAfterSec - lifeSec / 5)).toBe(false);
  expect(isLeafDue(leaf, leaf.notAfterSec - lifeSec / 5 + 1)).toBe(true);
  expect(isLeafDue(leaf, leaf.notAfterSec + 1)).toBe(true);
});

test('createLeafKey() and createAuthority() do not show their private keys when printed', async () => {
  const { privateKeyDer } = await createAuthority({ commonName: 'sig', nowSec: NOW_SEC });
  const shown = JSON.stringify([key.privateKeyPem, privateKeyDer]);
  expect(shown).toBe('["[secret]","[secret]"]');
  expect(`${key.privateKeyPem} ${privateKeyDer}`).toBe('[secret] [secret]');
});
