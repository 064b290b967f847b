/** A system for which there is an executable. */
export interface Target {
  /** What stands behind `sig-` in the name of the file. */
  readonly name: string;
  /** The package that holds Bun for it. */
  readonly runtime: string;
  /** The package that holds the keychain add-on for it. */
  readonly keyring: string;
}

const KEYRING = '@napi-rs/keyring-';

/** All systems for which there is an executable. */
export const TARGETS: readonly Target[] = [
  // "baseline" bases would run on processors before 2013; the add-on of the keychain does not.
  { name: 'linux-x64', runtime: '@oven/bun-linux-x64', keyring: `${KEYRING}linux-x64-gnu` },
  { name: 'linux-arm64', runtime: '@oven/bun-linux-aarch64', keyring: `${KEYRING}linux-arm64-gnu` },
  { name: 'linux-x64-musl', runtime: '@oven/bun-linux-x64-musl', keyring: `${KEYRING}linux-x64-musl` },
  { name: 'linux-arm64-musl', runtime: '@oven/bun-linux-aarch64-musl', keyring: `${KEYRING}linux-arm64-musl` },
  { name: 'darwin-arm64', runtime: '@oven/bun-darwin-aarch64', keyring: `${KEYRING}darwin-arm64` },
  { name: 'darwin-x64', runtime: '@oven/bun-darwin-x64', keyring: `${KEYRING}darwin-x64` },
  { name: 'windows-x64', runtime: '@oven/bun-windows-x64', keyring: `${KEYRING}win32-x64-msvc` },
];

/** The target of this machine, or `undefined`. */
export function findHostTarget(platform: string, arch: string, isMusl: boolean): Target | undefined {
  const system = platform === 'win32' ? 'windows' : platform;
  return TARGETS.find(({ name }) => name === `${system}-${arch}${isMusl ? '-musl' : ''}`);
}

/** The name of the file of a target, as a release has it. */
export function executableName(target: Target): string {
  return `sig-${target.name}${target.name.startsWith('windows') ? '.exe' : ''}`;
}
