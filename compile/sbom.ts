import { executableName, type Target } from './targets.ts';
import type { LockedPackage } from './locked_package.ts';

/** What is in the executables, as CycloneDX 1.6. */
export interface BillOfMaterials {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}

/** One package. */
export interface Component {
  readonly type: 'application' | 'library';
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: 'SHA-512'; readonly content: string }[];
  readonly licenses?: readonly { readonly expression: string }[];
}

/**
 * Lists what executables are made of: every package of package-lock.json that is no tool of
 * development, and the runtimes and add-ons of the targets.
 *
 * @param lock packages of package-lock.json, by path
 */
export function createBillOfMaterials(
  lock: Readonly<Record<string, LockedPackage>>,
  version: string,
  targets: readonly Target[],
): BillOfMaterials {
  const ofTargets = new Set(targets.flatMap(({ runtime, keyring }) => [runtime, keyring]));
  const components: Component[] = [];
  for (const [path, locked] of Object.entries(lock)) {
    const name = path.split('node_modules/').at(-1)!;
    const isShipped = ofTargets.has(name) || (locked.dev !== true && !name.startsWith('@napi-rs/keyring-'));
    if (path !== '' && isShipped) components.push(describe('library', name, locked));
  }
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: describe('application', '@sigcli/cli', { version, license: 'MIT' }) },
    components: components.sort((a, b) => a.purl < b.purl ? -1 : 1),
  };
}

/** The name of its file. */
export const BILL_OF_MATERIALS = 'sig.cdx.json';

/** The lines of SHA256SUMS are in the order of the targets. */
export function releaseFiles(targets: readonly Target[]): string[] {
  return [...targets.map(executableName), BILL_OF_MATERIALS];
}

function describe(
  type: Component['type'],
  name: string,
  { version, integrity, license }: Partial<LockedPackage> & { version: string },
): Component {
  return {
    type,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(integrity === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: toHex(integrity) }] }),
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  };
}

/** The digest of a Subresource Integrity text, as CycloneDX writes it. */
function toHex(integrity: string): string {
  const bytes = atob(integrity.slice('sha512-'.length));
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
