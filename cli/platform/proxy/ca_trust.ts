import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeUtf8, encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { SigError } from '../../../src/errors.ts';
import type { CaTrust, TrustReport } from '../../command/command.ts';
import { readPrivateFile, writePrivateFile } from '../durable_file.ts';
import { findNssStores, findNssTool, fingerprintOf } from './nss_store.ts';

/** Where trust is kept. */
export interface CaTrustOptions {
  /** The sig home. */
  readonly home: string;
  /** Of the user, whose programs are to trust the CA. */
  readonly userHome: string;
  readonly platform: string;
}

/** One certificate that was added to one database. */
interface Added {
  readonly folder: string;
  readonly name: string;
  /** SHA-256, lower-case hexadecimal. */
  readonly fingerprint: string;
}

const SYSTEM_FOLDER = '/usr/local/share/ca-certificates';

/**
 * Makes programs of this user trust the proxy's CA, and takes that back. What was added is on record by its
 * fingerprint, and nothing else is ever removed (security case T12). Nothing is done as root: for the store of
 * the system there are commands to look at and to run (T13).
 */
export function createCaTrust({ home, userHome, platform }: CaTrustOptions): CaTrust {
  const caFile = join(home, 'proxy', 'ca.pem');
  const recordFile = join(home, 'proxy', 'trusted.json');
  const readRecord = (): Added[] => {
    const bytes = readPrivateFile(recordFile);
    if (bytes === undefined) return [];
    try {
      return JSON.parse(decodeUtf8(bytes)) as Added[];
    } catch (cause) {
      throw new SigError('E_CORRUPT', `Cannot read which stores trust the CA: "${recordFile}" is damaged`, {
        hint: `move it away, and remove what is called "sig proxy …" by hand: certutil -L -d sql:FOLDER`,
        cause,
      });
    }
  };
  const writeRecord = async (added: readonly Added[]) =>
    void await writePrivateFile(recordFile, encodeUtf8(`${JSON.stringify(added, undefined, 2)}\n`));

  return {
    async trust() {
      const certificates = readCertificates(caFile);
      const report = newReport();
      const stores = platform === 'linux' ? findNssStores(userHome) : [];
      const tool = stores.length === 0 ? undefined : await findNssTool();
      if (stores.length > 0 && !tool) {
        report.failed.push(...stores.map((store) => ({
          store,
          message: 'certutil is not installed (package libnss3-tools)',
        })));
      }
      let record = readRecord();
      for (const pem of certificates) {
        const fingerprint = fingerprintOf(pem);
        const name = `sig proxy ${fingerprint.slice(0, 16)}`;
        report.fingerprints.push(fingerprint);
        for (const folder of tool ? stores : []) {
          const found = await tool!.find(folder, name);
          if (found !== undefined && fingerprintOf(found) === fingerprint) continue;
          // On record before it is there, so that no crash leaves one behind that nobody removes.
          record = [...record.filter((other) => other.folder !== folder || other.name !== name), {
            folder,
            name,
            fingerprint,
          }];
          await writeRecord(record);
          const failure = await tool!.add(folder, name, pem);
          if (failure === undefined) report.changed.push(folder);
          else report.failed.push({ store: folder, message: failure });
        }
      }
      report.commands.push(...commandsFor(platform, 'trust', certificates, caFile));
      return report;
    },
    async untrust() {
      const report = newReport();
      const record = readRecord();
      const tool = record.length === 0 ? undefined : await findNssTool();
      const kept: Added[] = [];
      for (const added of record) {
        const { folder, name, fingerprint } = added;
        report.fingerprints.push(fingerprint);
        if (!existsSync(join(folder, 'cert9.db'))) continue;
        const found = await tool?.find(folder, name);
        // Gone already, or another certificate that took its name: not ours to remove.
        if (tool && (found === undefined || fingerprintOf(found) !== fingerprint)) continue;
        const failure = tool ? await tool.remove(folder, name) : 'certutil is not installed (package libnss3-tools)';
        if (failure === undefined) report.changed.push(folder);
        else {
          kept.push(added);
          report.failed.push({ store: folder, message: failure });
        }
      }
      if (record.length > 0) await writeRecord(kept);
      if (existsSync(caFile)) {
        report.commands.push(...commandsFor(platform, 'untrust', readCertificates(caFile), caFile));
      }
      return report;
    },
  };
}

function newReport(): { [key in keyof TrustReport]: TrustReport[key][number][] } {
  return { fingerprints: [], changed: [], failed: [], commands: [] };
}

function readCertificates(path: string): string[] {
  const bytes = readPrivateFile(path);
  if (bytes === undefined) {
    throw new SigError('E_USAGE', 'There is no CA yet', { hint: 'the first start makes it: sig proxy start' });
  }
  return decodeUtf8(bytes).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** Commands for the store that the whole system, or the whole account, reads. */
export function commandsFor(
  platform: string,
  action: 'trust' | 'untrust',
  certificates: readonly string[],
  caFile: string,
): string[] {
  const prints = certificates.map(fingerprintOf);
  const sha1 = certificates.map((pem) => new X509Certificate(pem).fingerprint.replaceAll(':', ''));
  if (platform === 'win32') {
    // On Windows a path has no quotation mark.
    return action === 'trust'
      ? [`certutil -user -addstore Root "${caFile}"`]
      : sha1.map((print) => `certutil -user -delstore Root ${print}`);
  }
  if (platform === 'darwin') {
    return action === 'trust'
      ? [`security add-trusted-cert -r trustRoot -p ssl ${quote(caFile)}`]
      : sha1.map((print) => `security delete-certificate -Z ${print} -t`);
  }
  const [first] = prints;
  if (first === undefined) return [];
  const installed = `${SYSTEM_FOLDER}/sig-${first.slice(0, 16)}.crt`;
  return action === 'trust'
    ? [`sudo install -m 644 -- ${quote(caFile)} ${installed} && sudo update-ca-certificates`]
    : existsSync(installed)
    ? [`sudo rm -- ${installed} && sudo update-ca-certificates --fresh`]
    : [];
}

/** One word of a shell, whatever a home folder is called (security case T13). */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
