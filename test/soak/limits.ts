import type { Way } from './transfer.ts';

/**
 * How much more memory than idle a form may take, in MiB. What Deno's own streams hold is not ours to change, nor
 * that Node 22 and later let what they read pile up to 64 MiB before they collect any of it (2026-11-22).
 */
export function memoryLimitMiB(name: string, way: Way | 'clone' = 'clone'): number {
  if (name.includes('Deno')) return 160;
  return /Node 2[24]/.test(name) || way.startsWith('h2') ? 96 : 64;
}
