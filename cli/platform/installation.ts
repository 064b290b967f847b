import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import type { InstallForm } from '../command/command.ts';

/**
 * Says in which form this program runs.
 *
 * @param execPath the runtime, or the executable that has one in it
 * @param script what the runtime was told to run
 */
export function findInstallForm(
  execPath: string = process.execPath,
  script: string = process.argv[1] ?? '',
): InstallForm {
  if (!/^(?:node|nodejs|bun|deno)(?:\.exe)?$/i.test(basename(execPath.replaceAll('\\', '/')))) return 'binary';
  const path = resolveLinks(script).replaceAll('\\', '/');
  // Where Bun keeps what is in an executable, whatever its name.
  if (/^(?:\/\$bunfs\/|[A-Z]:\/~BUN\/)/.test(path)) return 'binary';
  if (path.includes('/_npx/')) return 'npx';
  if (/\/npm\/(?!node_modules\/)[^/]+\/@sigcli\/cli\//.test(path) || script.startsWith('npm:')) return 'deno';
  if (!path.includes('/node_modules/@sigcli/cli/')) return 'source';
  // npm's global folder is <prefix>/lib/node_modules, on Windows <prefix>\npm\node_modules.
  return /\/(?:lib|npm)\/node_modules\/@sigcli\/cli\//i.test(path) ? 'npm-global' : 'npm-local';
}

function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // within an executable, or a URL
  }
}
