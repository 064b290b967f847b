/**
 * The layers of the architecture as data: which folder may import what, and which file is the one
 * door of each package.
 *
 * @module
 */

import type { SourceFile, SourceImport } from '../_lib/source.ts';

/** Folders and files of each layer, as the part of the path behind `src/`. */
const LAYER_0 = ['errors', 'secret', 'ports', 'provider_id', 'encoding'];
const LAYER_1 = [
  'target',
  'http1',
  'config',
  'provider',
  'credential',
  'vault',
  'apply',
  'dpop',
  'message_signature',
  'oauth',
  'redact',
  'audit',
  'rule',
  'certificate',
  'websocket',
];
const LAYER_2 = ['login', 'sig', 'agent_id', 'proxy'];
/** Layer-2 folders that also build on the path itself. */
const ON_SIG = ['login', 'agent_id', 'proxy'];
/**
 * What the platform may use of the core besides layer 0: targets, and the pieces that are written
 * to be driven by a platform's sockets and files.
 */
const FOR_PLATFORM = [...LAYER_0, 'target', 'http1', 'vault', 'certificate'];

/** Where each package may be imported; a path ends in `/` for a folder. */
export const DOORS: Readonly<Record<string, readonly string[]>> = {
  '@modelcontextprotocol/sdk': ['cli/platform/mcp_server.ts'],
  '@napi-rs/keyring': ['cli/platform/'],
  '@noble/ciphers': ['src/vault/'],
  cac: ['cli/app.ts'],
  hono: ['src/proxy/'],
  jose: ['src/dpop/', 'src/oauth/', 'src/agent_id/'],
  jsep: ['src/rule/'],
  'playwright-core': ['cli/platform/browser.ts', 'cli/platform/browser/'],
  tldts: ['src/target/public_suffix.ts'],
  uqr: ['cli/qr.ts'],
  yaml: ['src/config/'],
};

/** What is wrong with one import of a file; `undefined` when nothing is. */
export function judgeImport(file: SourceFile, found: SourceImport): string | undefined {
  return found.path === undefined ? judgePackage(file.path, found) : judgePath(file.path, found.path, found.isType);
}

function judgePackage(from: string, { specifier, isType }: SourceImport): string | undefined {
  if (specifier.startsWith('node:')) {
    if (!from.startsWith('src/') && !from.startsWith('cli/command/')) return undefined;
    return 'node: belongs to cli/platform';
  }
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  const doors = DOORS[name];
  if (!doors) return `package "${name}" has no door`;
  if (isType && from.startsWith('src/')) return undefined;
  return doors.some((door) => door.endsWith('/') ? from.startsWith(door) : from === door)
    ? undefined
    : `package "${name}" is imported by ${doors.join(', ')} only`;
}

function judgePath(from: string, to: string, isType: boolean): string | undefined {
  if (!to.endsWith('.ts')) return 'a relative import ends in ".ts"';
  if (from.startsWith('src/')) {
    return to.startsWith('src/') ? judgeCore(from, to, isType) : 'the core imports nothing outside it';
  }
  if (isMain(to)) return isType ? undefined : `${to} is imported by nobody but the start of the program`;
  if (from.startsWith('cli/platform/')) {
    if (to.startsWith('cli/platform/')) return undefined;
    if (isType) return undefined;
    if (to.startsWith('cli/')) return 'the platform knows no command';
    return FOR_PLATFORM.includes(partOf(to)) ? undefined : `the platform does not use ${partOf(to)}/`;
  }
  if (from.startsWith('cli/command/')) {
    return to.startsWith('cli/platform/') && !isType ? 'a command gets its platform from the context' : undefined;
  }
  return undefined;
}

function judgeCore(from: string, to: string, isType: boolean): string | undefined {
  const [a, b] = [partOf(from), partOf(to)];
  const [layer, other] = [layerOf(a), layerOf(b)];
  if (layer === undefined) return `${a}/ belongs to no layer`;
  if (other === undefined) return `${b}/ belongs to no layer`;
  if (a === b) return undefined;
  if (other > layer) {
    // The ports speak of targets and cookies.
    return isType && a === 'ports' && ['target', 'credential'].includes(b)
      ? undefined
      : `layer ${layer} imports layer ${other}`;
  }
  if (other < layer || layer === 0 || isType) return undefined;
  if (layer === 1 && b === 'target') return undefined;
  if (layer === 2 && b === 'sig' && ON_SIG.includes(a)) return undefined;
  if (layer === 3) return undefined;
  return `${a}/ imports values of its sibling ${b}/`;
}

/** The first part behind `src/`: a folder, or a file without its ending. */
function partOf(path: string): string {
  return path.split('/')[1]!.replace(/\.ts$/, '');
}

function layerOf(part: string): number | undefined {
  if (part === 'mod') return 3;
  const layers = [LAYER_0, LAYER_1, LAYER_2];
  const found = layers.findIndex((layer) => layer.includes(part));
  return found < 0 ? undefined : found;
}

function isMain(path: string): boolean {
  return ['cli/main.ts', 'cli/mod.ts', 'cli/program.ts', 'cli/app.ts', 'cli/context.ts'].includes(path);
}
