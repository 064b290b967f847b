import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

/** Variables that name files of CAs which the user trusts besides the system's. */
const EXTRA = ['SIG_EXTRA_CA', 'NODE_EXTRA_CA_CERTS', 'DENO_CERT'];
/** Variables that name files in the place of the system's. */
const BUNDLES = ['SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'GIT_SSL_CAINFO'];
/** Where systems keep their roots: Debian, Red Hat, Alpine and macOS, SUSE. */
const SYSTEM = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
  '/etc/ssl/ca-bundle.pem',
];

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The CAs that programs trust here, as PEM. */
export interface TrustedCas {
  /** Those that the user's environment adds. */
  readonly extra: string;
  /** Those and the system's. */
  readonly all: string;
}

/** Reads what the environment and the system name. What cannot be read is left out, as the programs themselves do it. */
export function readTrustedCas(env: (name: string) => string | undefined): TrustedCas {
  const extra = readAll(EXTRA.map(env));
  const bundle = readAll(BUNDLES.map(env));
  const system = SYSTEM.map((path) => readAll([path])).find((found) => found.length > 0) ?? [...tls.rootCertificates];
  return { extra: join([...extra, ...bundle]), all: join([...system, ...extra, ...bundle]) };
}

/** The certificates of PEM blocks, in DER. A block that is cut or padded is left out: Java would refuse all for it. */
export function decodeCertificates(pem: string): Uint8Array[] {
  return (pem.match(BLOCK) ?? []).flatMap((block) => {
    const der = Buffer.from(block.replace(/-----[A-Z ]+-----/g, ''), 'base64');
    // A SEQUENCE of 256 to 65,535 bytes. To read each of them wholly would take longer than all else at the start.
    const [tag, form, high = 0, low = 0] = der;
    const isWhole = tag === 0x30 && form === 0x82 && der.length === 4 + high * 256 + low;
    return isWhole ? [der] : [];
  });
}

function readAll(paths: readonly (string | undefined)[]): string[] {
  return paths.flatMap((path) => {
    if (path === undefined || path === '') return [];
    try {
      return readFileSync(path, 'utf8').match(BLOCK) ?? [];
    } catch {
      return []; // A variable that names nothing: its own programs say so.
    }
  });
}

function join(blocks: readonly string[]): string {
  return [...new Set(blocks.map((block) => `${block}\n`))].join('');
}
