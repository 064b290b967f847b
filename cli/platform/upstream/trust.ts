import { readFile } from 'node:fs/promises';
import tls, { type SecureContext } from 'node:tls';
import { SigError } from '../../../src/errors.ts';

/**
 * Variables that name files of further CAs. Each runtime knows some of them; we read them all, so that
 * what works with one works with the others (and not in the same way twice).
 */
const VARIABLES = ['SIG_EXTRA_CA', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'DENO_CERT'] as const;

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Whom to trust: the runtime's own roots, and the CAs that were added to them. */
export interface Trust {
  /**
   * The context for connections, made once for each `caFile`.
   *
   * @param caFile path of a PEM file with further CAs
   * @throws {SigError} E_UPSTREAM_TLS when a file holds no certificate
   */
  contextFor(caFile: string | undefined): Promise<SecureContext>;
}

/** Reads the environment on first use. */
export function createTrust(env: (name: string) => string | undefined): Trust {
  const contexts = new Map<string, Promise<SecureContext>>();
  return {
    contextFor(caFile = '') {
      let context = contexts.get(caFile);
      if (!context) {
        context = createContext(env, caFile);
        contexts.set(caFile, context);
        // A file that is mended is read again.
        context.catch(() => contexts.delete(caFile));
      }
      return context;
    },
  };
}

async function createContext(env: (name: string) => string | undefined, caFile: string): Promise<SecureContext> {
  const extra: string[] = [];
  for (const name of VARIABLES) {
    const file = env(name);
    if (file) extra.push(...await readCertificates(file, name, name === 'SIG_EXTRA_CA'));
  }
  if (caFile) extra.push(...await readCertificates(caFile, 'caFile', true));
  return tls.createSecureContext({
    // Security case T2. 1.3 is preferred by every runtime.
    minVersion: 'TLSv1.2',
    // "ca" replaces the roots, so they are listed with it.
    ...(extra.length === 0 ? {} : { ca: [...rootCertificates(), ...extra] }),
  });
}

function rootCertificates(): readonly string[] {
  // Node 22.15: includes what --use-system-ca and the like add.
  const { getCACertificates } = tls as typeof tls & { getCACertificates?: (of: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}

/** @param must whether the variable is ours, so that a mistake in it is one; others are only borrowed */
async function readCertificates(file: string, setting: string, must: boolean): Promise<string[]> {
  let text = '';
  let cause: unknown;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    cause = error;
  }
  const found = text.match(BLOCK) ?? [];
  if (found.length > 0 || !must) return found;
  const why = cause === undefined ? 'it holds no PEM certificate' : 'it cannot be read';
  throw new SigError('E_UPSTREAM_TLS', `Cannot use "${file}" (${setting}): ${why}`, { cause });
}
